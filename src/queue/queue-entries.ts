// Queue entries against the composes that they are for: what `reconcile-queue` has to repair. Read from our own tables only.

import type { RunStatement } from '../app/ports.ts';
import type { Lane } from '../compose/lane.ts';
import type { SourceType } from '../compose/sources/descriptors.ts';
import type { ComposeFlag, ComposeType } from '../compose/vocabulary.ts';

export interface QueueEntry {
  readonly id: string;
  readonly lane: Lane;
  readonly pool: string;
  readonly rank: number;
  readonly send: number;
  readonly targetDir: string;
}

export interface WithoutEntry {
  readonly id: string;
  readonly owner: string;
  readonly source: { readonly type: SourceType };
  readonly arches: readonly string[];
  readonly composeType: ComposeType;
  readonly targetDir: string;
  readonly flags: readonly ComposeFlag[];
  readonly digest: string | null;
}

// The rows stay locked until the jobs are sent, so that none of the composes begins meanwhile.
const WITHOUT_ENTRY = `
  select c.id, c.owner, json_build_object('type', c.source_type) as source, c.arches, c.compose_type as "composeType",
    c.target_dir as "targetDir", c.flags, c.digest
  from compose c
  where c.state = 'WAIT' and not exists (select 1 from queue_entry where compose_id = c.id)
  order by c.id limit $1 for no key update of c skip locked`;

/** WAIT composes that were never sent, which the former schema or an operator left behind. */
export function composesWithoutEntry(run: RunStatement, limit: number): Promise<readonly WithoutEntry[]> {
  return run<WithoutEntry>(WITHOUT_ENTRY, [limit]);
}

const COLUMNS = 'e.compose_id as id, e.lane, e.pool, e.rank, e.send, c.target_dir as "targetDir"';
const WAITING = `
  select ${COLUMNS} from queue_entry e join compose c on c.id = e.compose_id
  where c.state = 'WAIT' and e.compose_id > $1 order by e.compose_id limit $2`;

/** Entries of WAIT composes with an id above `after`, in the order of ids. */
export function waitingEntries(run: RunStatement, after: string, limit: number): Promise<readonly QueueEntry[]> {
  return run<QueueEntry>(WAITING, [after, limit]);
}

const DELETE_ENDED = `
  delete from queue_entry e using compose c
  where c.id = e.compose_id and c.state not in ('WAIT', 'GENERATING')
  returning ${COLUMNS}`;

/** Deletes the entries of composes that have ended, and returns them. */
export function deleteEndedEntries(run: RunStatement): Promise<readonly QueueEntry[]> {
  return run<QueueEntry>(DELETE_ENDED, []);
}
