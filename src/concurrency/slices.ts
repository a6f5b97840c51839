// Work of the main thread that may be long, written as a generator that pauses by `yield` every so often: the event loop goes
// on whenever it was held for some milliseconds. A leaf.

import { setImmediate as breathe } from 'node:timers/promises';

const HELD_MS = 8;

/** Rejects after an abort, and with what the work throws. */
export async function runInSlices<T>(work: Generator<void, T, void>, signal: AbortSignal): Promise<T> {
  for (;;) {
    const began = performance.now();
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() - began < HELD_MS);
    await breathe();
    signal.throwIfAborted();
  }
}
