// The one way in which something is tried again: what came of a try says whether another may go better, pauses double, give
// or take half, so that those who failed together do not come back together, and an abort ends them. A leaf.

import { setTimeout as delay } from 'node:timers/promises';

export interface RetryPolicy {
  readonly attempts: number;
  /** The pause before the second try; doubles from then on, give or take half. */
  readonly firstPauseMs: number;
}

export interface Tried<T> {
  readonly outcome: T;
  readonly attempts: number;
}

/** Settles with the first outcome that no other try would better, or the last one. Rejects after an abort, and with what a try throws. */
export async function retry<T>(
  { attempts, firstPauseMs }: RetryPolicy,
  signal: AbortSignal,
  work: () => Promise<T>,
  mayHeal: (outcome: T) => boolean,
): Promise<Tried<T>> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await work();
    if (attempt >= attempts || !mayHeal(outcome)) return { outcome, attempts: attempt };
    await delay(firstPauseMs * 2 ** (attempt - 1) * (0.5 + Math.random()), undefined, { signal });
  }
}
