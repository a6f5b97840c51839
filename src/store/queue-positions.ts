// Positions of composes in the queue of their pool, in the order in which it hands them over. One ranking serves all readers
// for a second, so that dashboards of hundreds of composes cost one query a second.

import type { RunStatement } from '../app/ports.ts';

// A compose in the lane `generate` comes before those that are still to be prepared for it.
const RANKING = `
  select compose_id, row_number() over (partition by pool order by lane, rank, compose_id) as position
  from (
    select e.* from queue_entry e join compose c on c.id = e.compose_id
    where c.state = 'WAIT' order by e.rank, e.compose_id limit $1
  ) waiting`;
/** Composes beyond have no position. */
const MAX_RANKED = 50_000;
const FRESH_MS = 1_000;
/** A ranking this old may lack a compose that was just sent. */
const NEWCOMER_MS = 100;

export function queuePositions(run: RunStatement): (ids: readonly string[]) => Promise<readonly (number | null)[]> {
  let ranking: Promise<ReadonlyMap<string, number>> | null = null;
  let readAt = -Infinity;

  function read(): Promise<ReadonlyMap<string, number>> {
    readAt = performance.now();
    const reading = run<{ compose_id: string; position: string }>(RANKING, [MAX_RANKED]).then(
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
