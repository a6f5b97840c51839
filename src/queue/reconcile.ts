// Makes queue and composes agree again, whatever was lost or done by hand: every WAIT compose has an open job, and no
// compose that has ended has one waiting. In terms of pg-boss's table, as it has no operation for either.

import type { RunStatement, Sendable } from '../app/ports.ts';
import type { Laned } from '../compose/lane.ts';
import type { ComposeFlag, ComposeType } from '../compose/vocabulary.ts';
import type { SourceType } from '../compose/sources/descriptors.ts';

interface WithoutJob {
  readonly id: string;
  readonly owner: string;
  readonly seq: number;
  readonly source_type: SourceType;
  readonly arches: readonly string[];
  readonly compose_type: ComposeType;
  readonly target_dir: string;
  readonly flags: readonly ComposeFlag[];
  readonly digest: string | null;
}

// The rows stay locked until the job is sent, so that none of them begins meanwhile.
const WITHOUT_JOB = `
  select c.id, c.owner, c.seq, c.source_type, c.arches, c.compose_type, c.target_dir, c.flags, c.digest from compose c
  where c.state = 'WAIT' and not exists (
    select 1 from pgboss.job j
    where j.name = any($1::text[]) and coalesce(j.singleton_key, '') = c.id::text and j.state <= 'active' and j.policy = 'exclusive'
  )
  order by c.id limit $2 for no key update of c skip locked`;
const DROP_ENDED = `
  delete from pgboss.job j using compose c
  where j.name = any($1::text[]) and j.state < 'active' and c.id = j.singleton_key::bigint and c.state not in ('WAIT', 'GENERATING')
  returning j.id`;
const TAKE_BACK = `
  delete from pgboss.job
  where name = $1 and coalesce(singleton_key, '') = $2 and state <= 'active' and policy = 'exclusive'
  returning priority`;

export async function composesWithoutJob(
  run: RunStatement,
  lanes: readonly string[],
  limit: number,
): Promise<readonly (Sendable & Laned)[]> {
  const rows = await run<WithoutJob>(WITHOUT_JOB, [lanes, limit]);
  return rows.map(
    ({
      id,
      owner,
      seq,
      source_type: type,
      arches,
      compose_type: composeType,
      target_dir: targetDir,
      flags,
      digest,
    }) => ({
      id,
      owner,
      seq,
      source: { type },
      arches,
      composeType,
      targetDir,
      flags,
      digest,
    }),
  );
}

export async function dropEndedJobs(run: RunStatement, lanes: readonly string[]): Promise<number> {
  return (await run(DROP_ENDED, [lanes])).length;
}

/** Deletes the open job of a compose, even one that a worker holds; answers its priority, null where there was none. */
export async function takeBackJob(run: RunStatement, lane: string, composeId: string): Promise<number | null> {
  const [row] = await run<{ priority: number }>(TAKE_BACK, [lane, composeId]);
  return row?.priority ?? null;
}
