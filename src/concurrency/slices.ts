// Long synchronous work on the main thread, written as a generator that yields every so often. The work gives way to the
// event loop after each slice of some milliseconds.

import { setImmediate as yieldToEventLoop } from 'node:timers/promises';

const SLICE_MS = 8;

/** Rejects after an abort, and with what the work throws. */
export async function runInSlices<T>(work: Generator<void, T, void>, signal: AbortSignal): Promise<T> {
  for (;;) {
    const startedAt = performance.now();
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() - startedAt < SLICE_MS);
    await yieldToEventLoop();
    signal.throwIfAborted();
  }
}
