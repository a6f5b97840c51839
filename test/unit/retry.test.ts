import { expect, it, vi } from 'vitest';
import { retry } from '../../src/concurrency/retry.ts';

const never = new AbortController().signal;
const SOON = { attempts: 3, firstPauseMs: 1 };

it('tries until an outcome needs no other, and tells how often it tried', async () => {
  const outcomes = ['bad', 'good', 'never asked for'];
  expect(
    await retry(
      SOON,
      never,
      () => Promise.resolve(outcomes.shift()),
      (outcome) => outcome === 'bad',
    ),
  ).toEqual({ outcome: 'good', attempts: 2 });
});

it('gives the last outcome where it has tried often enough', async () => {
  let tries = 0;
  expect(
    await retry(
      SOON,
      never,
      () => Promise.resolve(++tries),
      () => true,
    ),
  ).toEqual({ outcome: 3, attempts: 3 });
});

it('does not try again what throws: that is no outcome', async () => {
  const work = vi.fn<() => Promise<never>>().mockRejectedValue(new Error('a bug'));
  await expect(retry(SOON, never, work, () => true)).rejects.toThrow('a bug');
  expect(work).toHaveBeenCalledTimes(1);
});

it('ends a pause at an abort', async () => {
  const aborting = new AbortController();
  const work = vi.fn<() => Promise<unknown>>(() => Promise.resolve(setImmediate(() => aborting.abort())));
  await expect(retry({ attempts: 3, firstPauseMs: 3_600_000 }, aborting.signal, work, () => true)).rejects.toThrow(
    expect.objectContaining({ name: 'AbortError' }) as Error,
  );
  expect(work).toHaveBeenCalledTimes(1);
});

it('pauses twice as long each time, give or take half', async () => {
  const pauses: number[] = [];
  let last = performance.now();
  await retry(
    { attempts: 4, firstPauseMs: 20 },
    never,
    () => Promise.resolve(pauses.push(performance.now() - last)).finally(() => (last = performance.now())),
    () => true,
  );
  // At least: a busy machine may take longer.
  expect(pauses[1]).toBeGreaterThanOrEqual(9);
  expect(pauses[2]).toBeGreaterThanOrEqual(19);
  expect(pauses[3]).toBeGreaterThanOrEqual(39);
});
