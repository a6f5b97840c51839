// Records engines that outlive their attempt: once an attempt has ended, no process may write its files.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Query } from './history.ts';
import type { Records } from './records.ts';
import { livingProcessesOf } from './leftovers.ts';
import { enginesOfEndedAttempts } from './audit-triggers.ts';

const INTERVAL_MS = 1_000;
/** A frozen worker may start an engine after its attempt has ended; the chore `kill-orphans` kills it. */
const GRACE_MS = 5_000;

export async function watchEngines(query: Query, records: Records, signal: AbortSignal): Promise<void> {
  const since = new Map<number, number>();
  const reported = new Set<number>();
  while (!signal.aborted) {
    // In this order, an engine that ends between the two reads counts as ended.
    const alive = await livingProcessesOf(await enginesOfEndedAttempts(query));
    const now = performance.now();
    for (const pgid of since.keys()) if (!alive.some((engine) => engine.pgid === pgid)) since.delete(pgid);
    for (const { id, attempt, pgid, process } of alive) {
      const ms = now - (since.get(pgid) ?? now);
      since.set(pgid, now - ms);
      records.duration('engine after the end of its attempt', ms);
      if (ms <= GRACE_MS || reported.has(pgid)) continue;
      reported.add(pgid);
      records.violation(
        'engines',
        `attempt ${attempt} of compose ${id} had ended ${Math.round(ms)} ms before, and ${process} still ran`,
      );
    }
    await sleep(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
  }
}
