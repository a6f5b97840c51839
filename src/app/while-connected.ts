// A small transaction that outlives a database that is away for a moment: tried again, for as long as it is worth
// waiting and the work is still wanted. For what does no harm when it is done twice.

import { setTimeout as sleep } from 'node:timers/promises';
import { isConnectionLoss } from './connection-loss.ts';

const PATIENCE_MS = 20_000;
const LONGEST_PAUSE_MS = 2_000;

export async function whileConnected<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const givenUpAt = performance.now() + PATIENCE_MS;
  for (let pause = 100; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !isConnectionLoss(error) || performance.now() + pause > givenUpAt) throw error;
    }
    await sleep(pause, undefined, { signal }).catch(() => undefined);
  }
}
