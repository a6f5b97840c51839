// The queue entries that `reconcile-queue` has to repair, by the composes that they are for.

import type { Sendable } from '../app/ports.ts';
import type { Lane, Laned } from '../compose/lane.ts';
import type { Em } from '../store/em.ts';

/** What a job is made of. */
export interface JobEntry {
  readonly id: string;
  readonly lane: Lane;
  readonly pool: string;
  readonly rank: number;
  readonly send: number;
  readonly targetDir: string;
}

/** An entry of a compose that waits, with what routes it. */
export type QueueEntry = JobEntry & Sendable;

const COLUMNS = ['e.compose_id as id', 'e.lane', 'e.pool', 'e.rank', 'e.send', 'c.target_dir as targetDir'] as const;
const ROUTING = ['c.owner', 'c.source_type', 'c.arches', 'c.compose_type as composeType'] as const;

/**
 * WAIT composes that were never sent: composes of the schema before queue entries. Their rows stay locked to the end of the
 * transaction, so that none of them begins meanwhile.
 */
export async function composesWithoutEntry(em: Em, limit: number): Promise<readonly (Sendable & Laned)[]> {
  const rows = await em
    .getKysely()
    .selectFrom('compose as c')
    .select(['c.id', 'c.owner', 'c.source_type', 'c.arches', 'c.compose_type', 'c.target_dir', 'c.flags', 'c.digest'])
    .where('c.state', '=', 'WAIT')
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('queue_entry as e').select('e.compose_id').whereRef('e.compose_id', '=', 'c.id'))),
    )
    .orderBy('c.id')
    .limit(limit)
    .forNoKeyUpdate()
    .skipLocked()
    .execute();
  return rows.map(({ source_type: type, compose_type: composeType, target_dir: targetDir, ...compose }) => ({
    ...compose,
    source: { type },
    composeType,
    targetDir,
  }));
}

/** Entries of WAIT composes with an id above `after`, in the order of ids. */
export async function waitingEntries(em: Em, after: string, limit: number): Promise<readonly QueueEntry[]> {
  const rows = await em
    .getKysely()
    .selectFrom('queue_entry as e')
    .innerJoin('compose as c', 'c.id', 'e.compose_id')
    .select([...COLUMNS, ...ROUTING])
    .where('c.state', '=', 'WAIT')
    .where('e.compose_id', '>', after)
    .orderBy('e.compose_id')
    .limit(limit)
    .execute();
  return rows.map(({ source_type: type, ...entry }) => ({ ...entry, source: { type } }));
}

/** Which of these composes still wait. Their rows stay locked to the end of the transaction. */
export async function lockWaiting(em: Em, ids: readonly string[]): Promise<readonly string[]> {
  const rows = await em
    .getKysely()
    .selectFrom('compose as c')
    .select('c.id')
    .where('c.id', 'in', ids)
    .where('c.state', '=', 'WAIT')
    .orderBy('c.id')
    .forNoKeyUpdate()
    .skipLocked()
    .execute();
  return rows.map(({ id }) => id);
}

export async function poolsOfEntries(em: Em): Promise<readonly string[]> {
  return (await em.getKysely().selectFrom('queue_entry').select('pool').distinct().execute()).map(({ pool }) => pool);
}

/** Deletes the entries of composes that have ended, and returns them. */
export function deleteEndedEntries(em: Em): Promise<readonly JobEntry[]> {
  return em
    .getKysely()
    .deleteFrom('queue_entry as e')
    .using('compose as c')
    .whereRef('c.id', '=', 'e.compose_id')
    .where('c.state', 'not in', ['WAIT', 'GENERATING'])
    .returning(COLUMNS)
    .execute();
}
