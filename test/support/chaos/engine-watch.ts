// Looks, all the time, whether an engine outlives its attempt: whoever learns that an attempt is over must be able to rely
// on nobody writing for it any more.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Query } from './history.ts';
import type { Records } from './records.ts';
import { livingOf } from './remains.ts';
import { enginesOfEnded } from './witness.ts';

const LOOK_MS = 1_000;
/** One of a worker that was frozen starts after its attempt is over, and is ended by the next sweep. */
const OUTLIVES_MS = 5_000;

export async function watchEngines(query: Query, records: Records, signal: AbortSignal): Promise<void> {
  const since = new Map<number, number>();
  const told = new Set<number>();
  while (!signal.aborted) {
    // First who is over, then who is alive: one that ends in between is neither.
    const alive = await livingOf(await enginesOfEnded(query));
    const now = performance.now();
    for (const pgid of since.keys()) if (!alive.some((engine) => engine.pgid === pgid)) since.delete(pgid);
    for (const { id, attempt, pgid, process } of alive) {
      const ms = now - (since.get(pgid) ?? now);
      since.set(pgid, now - ms);
      records.longest('an engine outlived its attempt for', ms);
      if (ms <= OUTLIVES_MS || told.has(pgid)) continue;
      told.add(pgid);
      records.violated(
        'engines',
        `attempt ${attempt} of compose ${id} was over for ${Math.round(ms)} ms, and there was ${process}`,
      );
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}
