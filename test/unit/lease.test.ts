// A worker's lease while it stops.

import { expect, it } from 'vitest';
import { Attempts } from '../../src/app/attempts.ts';
import { Lease } from '../../src/app/lease.ts';
import type { Claim, WorkerRegistry } from '../../src/app/ports.ts';
import { createSweep } from '../../src/app/sweep.ts';
import { silentLogger } from '../support/logger.ts';

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
  const identity = { id: 'w', host: 'h', bootId: 'b', pid: 1, pools: ['default'], concurrency: 1 };
  const lease = new Lease({ registry: registry as WorkerRegistry, identity, attempts: new Attempts(), takeBack: async () => {}, logger: silentLogger });
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
  const sweep = createSweep([{ name: 'hangs', whose: 'host', everyMs: 1, run: hangs }], { whenLeader: async () => null }, silentLogger);
  await sweep.start();
  await begun.promise;
  await expect(sweep.stop()).resolves.toBeUndefined();
}, 8_000);
