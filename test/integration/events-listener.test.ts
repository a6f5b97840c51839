import { describe, expect } from 'vitest';
import { Listener } from '../../src/events/listener.ts';
import { databaseTest } from '../support/fixtures.ts';
import { silentLogger } from '../support/logger.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

/** `proxy`: one of each test's own, between the listener and the database. */
const it = databaseTest.extend('proxy', async ({ server }, { onCleanup }) => {
  const proxy = await startTcpProxy(server.url);
  onCleanup(() => proxy.close());
  return proxy;
});

describe('Listener', () => {
  it('detects a half-open connection and replaces it', async ({ server, proxy }) => {
    const payloads: string[] = [];
    let listening = Promise.withResolvers<void>();
    const listener = new Listener({
      url: proxy.url,
      logger: silentLogger,
      channels: ['a channel'],
      heartbeatMs: 50,
      patienceMs: 200,
      onNotification: (_channel, payload) => payloads.push(payload),
      onListening: () => listening.resolve(),
    });
    await listener.start();
    await listening.promise;
    listening = Promise.withResolvers();
    proxy.halfOpen();
    await server.query('notify "a channel", \'lost\'');
    await listening.promise;
    await server.query('notify "a channel", \'received\'');
    await expect.poll(() => payloads).toEqual(['received']);
    await listener.stop();
    expect(listener.listening).toBe(false);
  });

  it('does not start without a database, and can be stopped then', async ({ proxy }) => {
    proxy.refuse();
    const listener = new Listener({
      url: proxy.url,
      logger: silentLogger,
      channels: [],
      onNotification: () => {},
      onListening: () => {},
    });
    await expect(listener.start()).rejects.toThrow(/ECONNRESET/);
    await listener.stop();
  });
});
