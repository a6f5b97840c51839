// Connections that go silent, and processes that hold something in the database while they are silent.

import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isConnectionLoss } from '../../src/app/connection-loss.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { leadership } from '../../src/store/leadership.ts';
import { emOn } from '../../src/store/session-em.ts';
import { Session } from '../../src/store/session.ts';
import { workerRegistry } from '../../src/store/worker-registry.ts';
import { createTestDatabase, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { silentLogger } from '../support/logger.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

let test: TestDatabase;
let proxy: TcpProxy;
let behindProxy: Database;
let direct: Database;

beforeEach(async () => {
  test = await createTestDatabase();
  proxy = await startTcpProxy(test.url);
  behindProxy = await openDatabase({ url: proxy.url, logger: silentLogger, poolSize: 4 });
  direct = await openTestDatabase(test);
});

afterEach(async () => {
  proxy.cut();
  await behindProxy.close();
  await direct.close();
  await proxy.close();
  await test.drop();
});

/** Milliseconds until it rejects because the database is lost. */
async function lostAfter(work: Promise<unknown>): Promise<number> {
  const begun = performance.now();
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(isConnectionLoss(error), String(error)).toBe(true);
  return performance.now() - begun;
}

describe('a connection of the pool', () => {
  it('that went half-open is ended within seconds, and with it those that were idle', async () => {
    await Promise.all([1, 2, 3].map(() => behindProxy.em.execute('select pg_sleep(0.05)')));
    proxy.halfOpen();
    expect(await lostAfter(behindProxy.em.execute('select 1'))).toBeLessThan(6_000);
    const begun = performance.now();
    await Promise.all([1, 2, 3].map(() => behindProxy.em.execute('select 1')));
    expect(performance.now() - begun).toBeLessThan(1_000);
  }, 20_000);

  it('is ended as well where the server cannot be asked about it', async () => {
    await behindProxy.em.execute('select 1');
    proxy.freeze();
    expect(await lostAfter(behindProxy.transaction((em) => em.execute('select 1')))).toBeLessThan(9_000);
    proxy.restore();
    await expect(behindProxy.em.execute('select 1 as one')).resolves.toEqual([{ one: 1 }]);
  }, 20_000);

  it('on which a statement takes its time is let be', async () => {
    const paused = Promise.withResolvers<void>();
    const transaction = behindProxy.transaction(async (em) => {
      await em.execute('select 1');
      await paused.promise;
      return em.execute('select 2 as two');
    });
    await expect(behindProxy.em.execute('select pg_sleep(4)')).resolves.toHaveLength(1);
    paused.resolve();
    // Nor is anything else ended because of it.
    await expect(transaction).resolves.toEqual([{ two: 2 }]);
  }, 20_000);
});

it('a lease is refreshed over another connection where its own went half-open, and the process can end', async () => {
  const session = new Session({ url: proxy.url, applicationName: 'leases' });
  const leases = workerRegistry(emOn(session, direct.em));
  const id = randomUUID();
  await leases.register({ id, host: 'here', bootId: 'boot', pid: 1, pools: ['default'], concurrency: 1 });
  proxy.halfOpen();
  expect(await lostAfter(leases.refresh(id))).toBeLessThan(6_000);
  await expect(leases.refresh(id)).resolves.toEqual([]);
  proxy.halfOpen();
  const waiting = lostAfter(leases.refresh(id));
  session.close();
  expect(await waiting).toBeLessThan(6_000);
}, 20_000);

describe('the leader of a chore', () => {
  it('that is cut off, or frozen, is followed by another within seconds', async () => {
    const held = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const first = leadership(behindProxy).whenLeader('a chore', () => {
      begun.resolve();
      return held.promise;
    });
    await begun.promise;
    const second = () => leadership(direct).whenLeader('a chore', async () => 'led');
    expect(await second()).toBeNull();
    proxy.halfOpen();
    await expect.poll(second, { timeout: 8_000, interval: 200 }).toBe('led');
    held.resolve();
    await expect(first).rejects.toThrow(/onnection/);
  }, 20_000);

  it('goes on for as long as its chore takes', async () => {
    const held = Promise.withResolvers<string>();
    const first = leadership(behindProxy).whenLeader('a chore', () => held.promise);
    await direct.em.execute('select pg_sleep(5)');
    expect(await leadership(direct).whenLeader('a chore', async () => 'led')).toBeNull();
    held.resolve('done');
    await expect(first).resolves.toBe('done');
  }, 20_000);
});
