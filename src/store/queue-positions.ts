// Where composes stand in the queue of their pool, in the order in which it hands them over. Ranked for all at once and
// remembered for a moment: a dashboard of hundreds, asked for by many, is one reading of the queue a second.

import type { RunStatement } from '../app/ports.ts';

// Everything after the first dot is the pool, which may hold dots itself. What waits in the queue `generate` comes before what is still to be prepared for it.
const RANKING = `
  select singleton_key as compose_id, row_number() over (partition by substring(name from '[.](.*)') order by split_part(name, '.', 1), priority desc, created_on) as position
  from (
    select name, singleton_key, priority, created_on from pgboss.job
    where state < 'active' and (name in ('prepare', 'generate') or name like 'prepare.%' or name like 'generate.%')
    order by priority desc, created_on limit $1
  ) waiting`;
/** Nobody plans by a place beyond; there is none told. */
const RANKED_AT_MOST = 50_000;
const FRESH_MS = 1_000;
/** For one that came after the ranking. */
const NEWCOMER_MS = 100;

export function queuePositions(run: RunStatement): (ids: readonly string[]) => Promise<readonly (number | null)[]> {
  let ranking: Promise<ReadonlyMap<string, number>> | null = null;
  let readAt = -Infinity;

  function read(): Promise<ReadonlyMap<string, number>> {
    readAt = performance.now();
    const reading = run<{ compose_id: string; position: string }>(RANKING, [RANKED_AT_MOST]).then(
      (rows) => new Map(rows.map((row) => [row.compose_id, Number(row.position)])),
    );
    reading.catch(() => (readAt = -Infinity));
    ranking = reading;
    return reading;
  }
  return async (ids) => {
    if (ids.length === 0) return [];
    let positions = await (ranking && performance.now() - readAt < FRESH_MS ? ranking : read());
    if (ids.some((id) => !positions.has(id)) && performance.now() - readAt > NEWCOMER_MS) positions = await read();
    return ids.map((id) => positions.get(id) ?? null);
  };
}
