// Waits for work no longer than a bound. The work goes on afterwards; its errors are not reported.

import { setTimeout as sleep } from 'node:timers/promises';

/** False if the bound was reached first. */
export async function settleWithin(boundMs: number, work: Promise<unknown> | null | undefined): Promise<boolean> {
  const over = new AbortController();
  const bound = sleep(boundMs, false, { signal: over.signal });
  const settled = Promise.resolve(work).then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, bound]);
  } finally {
    bound.catch(() => undefined);
    over.abort();
  }
}
