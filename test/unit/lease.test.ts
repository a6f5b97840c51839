import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RunningAttempts } from '../../src/app/attempt/running-attempts.ts';
import { Lease, type LeaseDeps } from '../../src/app/lease.ts';
import type { Claim } from '../../src/app/ports.ts';
import { silentLogger } from '../support/logger.ts';

function aLease(overrides: Partial<LeaseDeps>): Lease {
  return new Lease({
    registry: { register: async () => {}, refresh: async () => [], retire: async () => {} },
    identity: { id: 'w', host: 'h', bootId: 'b', pid: 1, pools: ['default'], concurrency: 1 },
    attempts: new RunningAttempts(),
    reclaim: async () => {},
    logger: silentLogger,
    ...overrides,
  });
}

/** Runs attempt 2 of compose 42. */
function runningAttempts() {
  const attempts = new RunningAttempts();
  const running = attempts.enter('42');
  if (!running) throw new Error('Another attempt runs already');
  running.entry.attempt = 2;
  return { attempts, signal: running.entry.signal };
}

describe('a lease', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** What one refresh that answers with these claims does to attempt 2 of compose 42. */
  async function refresh(claims: readonly Claim[]): Promise<{ reclaimed: readonly Claim[]; stopCause: unknown }> {
    const reclaimed: Claim[] = [];
    const { attempts, signal } = runningAttempts();
    const lease = aLease({
      attempts,
      reclaim: async (claim) => void reclaimed.push(claim),
      registry: { register: async () => {}, refresh: async () => claims, retire: async () => {} },
    });
    await lease.start();
    await vi.advanceTimersByTimeAsync(1_000);
    await lease.stop();
    return { reclaimed, stopCause: signal.reason };
  }

  it('reclaims an attempt that the database has for the worker and that does not run', async () => {
    const claim = { composeId: '43', attempt: 1, cancelRequested: false };
    expect(await refresh([{ composeId: '42', attempt: 2, cancelRequested: false }, claim])).toEqual({
      reclaimed: [claim],
      stopCause: undefined,
    });
  });

  it('stops an attempt of which a later one has begun', async () => {
    expect(await refresh([{ composeId: '42', attempt: 3, cancelRequested: false }])).toEqual({
      reclaimed: [],
      stopCause: 'SUPERSEDED',
    });
  });

  it('stops an attempt whose cancellation was requested', async () => {
    expect(await refresh([{ composeId: '42', attempt: 2, cancelRequested: true }])).toEqual({
      reclaimed: [],
      stopCause: 'CANCEL',
    });
  });

  it('stops all attempts before it expires if refreshes hang', async () => {
    const { attempts, signal } = runningAttempts();
    const hangs = () => new Promise<never>(() => {});
    const lease = aLease({
      attempts,
      registry: { register: async () => {}, refresh: hangs, retire: async () => {} },
    });
    await lease.start();
    await vi.advanceTimersByTimeAsync(4_900);
    expect(signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1_100);
    expect(signal.reason).toBe('SUPERSEDED');
    await lease.stop();
  });
});

describe('a lease that stops', () => {
  it('does not register the worker again after a refresh that was under way', async () => {
    const calls: string[] = [];
    const refreshing = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<readonly Claim[] | null>();
    const lease = aLease({
      registry: {
        register: async () => void calls.push('register'),
        refresh: () => {
          refreshing.resolve();
          return answer.promise;
        },
        retire: async () => void calls.push('retire'),
      },
    });
    await lease.start();
    await refreshing.promise;
    await lease.stop();
    answer.resolve(null);
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toEqual(['register', 'retire']);
  });
});
