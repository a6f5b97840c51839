import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RetryPolicy } from '../../src/concurrency/retry-policies.ts';
import { retry, retryErrors } from '../../src/concurrency/retry.ts';

const never = new AbortController().signal;
const SOON: RetryPolicy = { attempts: 3, firstPauseMs: 1 };
const MUCH_LATER: RetryPolicy = { attempts: 3, firstPauseMs: 3_600_000 };

describe('retry', () => {
  it('stops at the first outcome that is not retryable, and counts the attempts', async () => {
    const outcomes = ['bad', 'good', 'unused'];
    const work = () => Promise.resolve(outcomes.shift());
    expect(await retry(SOON, never, work, (outcome) => outcome === 'bad')).toEqual({ outcome: 'good', attempts: 2 });
  });

  it('returns the last outcome when the attempts are used up', async () => {
    let calls = 0;
    const work = () => Promise.resolve(++calls);
    expect(await retry(SOON, never, work, () => true)).toEqual({ outcome: 3, attempts: 3 });
  });

  it('does not retry an error', async () => {
    const work = vi.fn<() => Promise<never>>().mockRejectedValue(new Error('a bug'));
    await expect(retry(SOON, never, work, () => true)).rejects.toThrow('a bug');
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('rejects in a pause when it is aborted', async () => {
    const aborting = new AbortController();
    const work = vi.fn<() => Promise<unknown>>(() => Promise.resolve(setImmediate(() => aborting.abort())));
    await expect(retry(MUCH_LATER, aborting.signal, work, () => true)).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }) as Error,
    );
    expect(work).toHaveBeenCalledTimes(1);
  });

  it.for([
    ['shortest', 0, [400, 800, 1_600]],
    ['average', 0.5, [600, 1_200, 2_400]],
    ['longest', 1, [800, 1_600, 3_200]],
  ] as const)('doubles the %s pause after each attempt', async ([, random, expected]) => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(random);
    onTestFinished(() => {
      vi.useRealTimers();
      vi.restoreAllMocks();
    });
    const calls: number[] = [];
    const start = performance.now();
    const work = async () => void calls.push(performance.now() - start);
    const done = retry({ attempts: 4, firstPauseMs: 600 }, never, work, () => true);
    await vi.runAllTimersAsync();
    await done;
    const [first, second, third] = expected;
    expect(calls).toEqual([0, first, first + second, first + second + third]);
  });
});

describe('retryErrors', () => {
  it('retries retryable errors and no others', async () => {
    const work = vi
      .fn<() => Promise<string>>()
      .mockRejectedValueOnce(new Error('passing'))
      .mockRejectedValueOnce(new Error('permanent'));
    await expect(retryErrors(SOON, never, work, (error) => (error as Error).message === 'passing')).rejects.toThrow(
      'permanent',
    );
    expect(work).toHaveBeenCalledTimes(2);
  });

  it('rejects with the last error when the attempts are used up', async () => {
    let calls = 0;
    const work = async () => {
      throw new Error(`call ${++calls}`);
    };
    await expect(retryErrors(SOON, never, work, () => true)).rejects.toThrow('call 3');
  });

  it('returns the result of a call during which it was aborted', async () => {
    const aborting = new AbortController();
    const work = async () => {
      aborting.abort();
      await turn();
      return 'committed';
    };
    expect(await retryErrors(SOON, aborting.signal, work, () => true)).toBe('committed');
  });

  it('rejects with the error of the last call when it is aborted in the pause after it', async () => {
    const aborting = new AbortController();
    const work = () => {
      setImmediate(() => aborting.abort('DRAIN'));
      return Promise.reject(new Error('away'));
    };
    await expect(retryErrors(MUCH_LATER, aborting.signal, work, () => true)).rejects.toThrow('away');
  });

  it('rejects with the error of a call during which it was aborted', async () => {
    const aborting = new AbortController();
    const work = () => {
      aborting.abort('DRAIN');
      return Promise.reject(new Error('away'));
    };
    await expect(retryErrors(SOON, aborting.signal, work, () => true)).rejects.toThrow('away');
  });

  it('calls once when it was aborted before', async () => {
    const work = vi.fn<() => Promise<never>>().mockRejectedValue(new Error('away'));
    await expect(retryErrors(SOON, AbortSignal.abort(), work, () => true)).rejects.toThrow('away');
    expect(work).toHaveBeenCalledTimes(1);
  });
});
