// Positions of composes in the queue of their pool, in the order in which it hands them over. One ranking serves all readers
// for a second, so that dashboards of hundreds of composes cost one query a second.

import { state } from './compose-filter.ts';
import type { Em } from './em.ts';

/** Composes beyond have no position. */
const MAX_RANKED = 50_000;
const FRESH_MS = 1_000;
/** A ranking this old may lack a compose that was just sent. */
const NEWCOMER_MS = 100;

type Ranking = ReadonlyMap<string, number>;

export function queuePositions(em: Em): (ids: readonly string[]) => Promise<readonly (number | null)[]> {
  let ranking: Promise<Ranking> | null = null;
  let readAt = -Infinity;

  function read(): Promise<Ranking> {
    readAt = performance.now();
    const reading = rankWaiting(em);
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

/** A compose in the lane `generate` comes before those that are still to be prepared for it. */
async function rankWaiting(em: Em): Promise<Ranking> {
  const db = em.getKysely();
  const waiting = db
    .selectFrom('queue_entry as e')
    .innerJoin('compose as c', 'c.id', 'e.compose_id')
    .selectAll('e')
    .where('c.state', '=', state('WAIT'))
    .orderBy('e.rank')
    .orderBy('e.compose_id')
    .limit(MAX_RANKED);
  const rows = await db
    .selectFrom(waiting.as('waiting'))
    .select(({ fn }) => [
      'compose_id',
      fn
        .agg<string>('row_number')
        .over((over) => over.partitionBy('pool').orderBy('lane').orderBy('rank').orderBy('compose_id'))
        .as('position'),
    ])
    .execute();
  return new Map(rows.map((row) => [row.compose_id, Number(row.position)]));
}
