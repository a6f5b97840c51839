// A worker's lease while it stops.

import { describe, expect, it, vi } from 'vitest';
import { RunningAttempts } from '../../src/app/attempt/running-attempts.ts';
import { Lease } from '../../src/app/lease.ts';
import type { Claim, WorkerRegistry } from '../../src/app/ports.ts';
import { startChores } from '../../src/app/chores.ts';
import { silentLogger } from '../support/logger.ts';

const IDENTITY = { id: 'w', host: 'h', bootId: 'b', pid: 1, pools: ['default'], concurrency: 1 };

it('a refresh that is under way while the worker signs off does not sign it on again', async () => {
  const calls: string[] = [];
  const refreshing = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<readonly Claim[] | null>();
  const registry: Pick<WorkerRegistry, 'register' | 'refresh' | 'retire'> = {
    register: async () => void calls.push('register'),
    refresh: () => {
      refreshing.resolve();
      return answer.promise;
    },
    retire: async () => void calls.push('retire'),
  };
  const lease = new Lease({
    registry: registry as WorkerRegistry,
    identity: IDENTITY,
    attempts: new RunningAttempts(),
    reclaim: async () => {},
    logger: silentLogger,
  });
  await lease.start();
  await refreshing.promise;
  await lease.stop();
  answer.resolve(null);
  await new Promise((resolve) => setImmediate(resolve));
  expect(calls).toEqual(['register', 'retire']);
});

it('a chore that hangs keeps no process from ending', async () => {
  const begun = Promise.withResolvers<void>();
  const hangs = () => {
    begun.resolve();
    return new Promise<void>(() => {});
  };
  const sweep = startChores(
    [{ name: 'hangs', whose: 'host', everyMs: 1, run: hangs }],
    { whenLeader: async () => null },
    silentLogger,
  );
  await sweep.start();
  await begun.promise;
  await expect(sweep.stop()).resolves.toBeUndefined();
}, 8_000);

describe('what the database says that a worker holds', () => {
  /** One refresh that answers with these claims, for a worker that runs attempt 2 of compose 42. */
  async function refreshed(
    claims: readonly Claim[],
  ): Promise<{ readonly takenBack: readonly Claim[]; readonly reason: unknown }> {
    vi.useFakeTimers();
    const takenBack: Claim[] = [];
    const attempts = new RunningAttempts();
    const running = attempts.enter('42');
    if (!running) throw new Error('nothing runs here yet');
    running.entry.attempt = 2;
    const registry: Pick<WorkerRegistry, 'register' | 'refresh' | 'retire'> = {
      register: async () => {},
      refresh: async () => claims,
      retire: async () => {},
    };
    const takeBack = async (claim: Claim) => void takenBack.push(claim);
    const lease = new Lease({
      registry: registry as WorkerRegistry,
      identity: IDENTITY,
      attempts,
      reclaim: takeBack,
      logger: silentLogger,
    });
    await lease.start();
    await vi.advanceTimersByTimeAsync(1_000);
    await lease.stop();
    vi.useRealTimers();
    return { takenBack, reason: running.entry.signal.reason };
  }

  it('and does not run, goes back: its end could not be written', async () => {
    const claim = { composeId: '43', attempt: 1, cancelRequested: false };
    expect(await refreshed([{ composeId: '42', attempt: 2, cancelRequested: false }, claim])).toEqual({
      takenBack: [claim],
      reason: undefined,
    });
  });

  it('of a later attempt stops the one that runs', async () => {
    expect(await refreshed([{ composeId: '42', attempt: 3, cancelRequested: false }])).toEqual({
      takenBack: [],
      reason: 'SUPERSEDED',
    });
  });

  it('to be canceled is canceled, though the feed did not tell', async () => {
    expect(await refreshed([{ composeId: '42', attempt: 2, cancelRequested: true }])).toEqual({
      takenBack: [],
      reason: 'CANCEL',
    });
  });
});
