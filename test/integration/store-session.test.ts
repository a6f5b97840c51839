// A session on a connection that fails as networks do.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isConnectionLoss } from '../../src/app/connection-loss.ts';
import { Session, type SessionOptions } from '../../src/store/session.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

let test: TestDatabase;
let proxy: TcpProxy;
let sessions: Session[];

beforeEach(async () => {
  test = await createTestDatabase();
  proxy = await startTcpProxy(test.url);
  sessions = [];
});
afterEach(async () => {
  for (const session of sessions) session.close();
  await proxy.close();
  await test.drop();
});

function open(options: Partial<SessionOptions> = {}): Session {
  const session = new Session({ url: proxy.url, applicationName: 'session-test', patienceMs: 200, ...options });
  sessions.push(session);
  return session;
}

async function lossOf(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => false,
    (error: unknown) => isConnectionLoss(error),
  );
}

const backends = () => test.query("select pid from pg_stat_activity where application_name = 'session-test'");

describe('a session', () => {
  it('connects at its first statement, and again after its connection broke', async () => {
    const session = open();
    expect(session.isConnected).toBe(false);
    expect((await session.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect(session.isConnected).toBe(true);
    proxy.cut();
    await expect.poll(() => session.isConnected).toBe(false);
    expect((await session.query('select $1::int as two', [2])).rows).toEqual([{ two: 2 }]);
  });

  it('runs all its statements on one connection', async () => {
    const session = open();
    const pids = await Promise.all([1, 2, 3].map(() => session.query('select pg_backend_pid() as pid')));
    expect(new Set(pids.map(({ rows }) => JSON.stringify(rows))).size).toBe(1);
    expect(await backends()).toHaveLength(1);
  });

  it('fails the statement that a half-open connection does not answer, and reconnects for the next', async () => {
    const session = open();
    await session.connect();
    proxy.halfOpen();
    expect(await lossOf(session.query('select 1'))).toBe(true);
    expect((await session.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  it('fails the statement as well if the server cannot be asked about it', async () => {
    const session = open();
    await session.connect();
    proxy.freeze();
    expect(await lossOf(session.query('select 1'))).toBe(true);
  });

  it('waits for a statement that takes longer than its patience', async () => {
    const session = open();
    expect((await session.query('select 1 as one from pg_sleep(0.7)')).rows).toEqual([{ one: 1 }]);
  });

  it('stays connected when a statement fails', async () => {
    const session = open();
    await expect(session.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' });
    expect(session.isConnected).toBe(true);
  });

  it('notices a loss by its heartbeat, and reconnects by itself if it shall', async () => {
    const lost = Promise.withResolvers<void>();
    const setUps: string[] = [];
    const session = open({
      heartbeatMs: 50,
      reconnects: true,
      onLost: () => lost.resolve(),
      setUp: async (query) => {
        await query("select set_config('application_name', 'set-up', false)");
        setUps.push('done');
      },
    });
    await session.connect();
    proxy.halfOpen();
    await lost.promise;
    await expect.poll(() => session.isConnected).toBe(true);
    expect(setUps).toEqual(['done', 'done']);
    expect((await session.query("select current_setting('application_name') as name")).rows).toEqual([
      { name: 'set-up' },
    ]);
  });

  it('rejects what waits when it is closed, and everything after', async () => {
    const session = open();
    await session.connect();
    const waiting = lossOf(session.query('select pg_sleep(60)'));
    session.close();
    expect(await waiting).toBe(true);
    await expect(session.query('select 1')).rejects.toThrow(/closed/);
    await expect(session.connect()).rejects.toThrow(/closed/);
  });

  it('rejects where no connection can be made', async () => {
    proxy.refuse();
    expect(await lossOf(open().connect())).toBe(true);
    proxy.restore();
    proxy.freeze();
    expect(await lossOf(open().connect())).toBe(true);
  });
});
