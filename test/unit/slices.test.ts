import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { runInSlices } from '../../src/concurrency/slices.ts';

/** Blocks the thread for a while, then yields. */
function* working(rounds: number, done: number[] = []): Generator<void, string, void> {
  for (let round = 0; round < rounds; round++) {
    for (const until = performance.now() + 5; performance.now() < until;);
    done.push(round);
    yield;
  }
  return 'done';
}

describe('runInSlices', () => {
  it('lets the event loop run between slices, and returns the result', async () => {
    const done: number[] = [];
    const seen: number[] = [];
    const work = runInSlices(working(10, done), new AbortController().signal);
    while (done.length < 10) {
      seen.push(done.length);
      await turn();
    }
    expect(await work).toBe('done');
    expect(seen.length).toBeGreaterThanOrEqual(4);
  });

  it('stops at an abort', async () => {
    const aborting = new AbortController();
    const done: number[] = [];
    const work = runInSlices(working(1_000, done), aborting.signal);
    aborting.abort(new Error('enough'));
    await expect(work).rejects.toThrow('enough');
    expect(done.length).toBeLessThan(10);
  });
});
