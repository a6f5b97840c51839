// The listening connection, through a proxy that can go silent the way a network does: open, and nothing comes.

import { afterEach, beforeEach, expect, it } from 'vitest';
import { Listener } from '../../src/events/listener.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { silentLogger } from '../support/logger.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

let test: TestDatabase;
let proxy: TcpProxy;
beforeEach(async () => {
  test = await createTestDatabase();
  proxy = await startTcpProxy(test.url);
});
afterEach(async () => {
  await proxy.close();
  await test.drop();
});

it('a connection that is half open is noticed, and replaced', async () => {
  const heard: string[] = [];
  let listening = Promise.withResolvers<void>();
  const listener = new Listener({
    url: proxy.url,
    logger: silentLogger,
    channels: ['a channel'],
    heartbeatMs: 50,
    patienceMs: 200,
    onNotification: (_channel, payload) => heard.push(payload),
    onListening: () => listening.resolve(),
  });
  await listener.start();
  await listening.promise;
  listening = Promise.withResolvers();
  proxy.halfOpen();
  await test.query('notify "a channel", \'lost\'');
  await listening.promise;
  await test.query('notify "a channel", \'heard\'');
  await expect.poll(() => heard).toEqual(['heard']);
  await listener.stop();
  expect(listener.listening).toBe(false);
});

it('the first connection fails where there is no database; stopping then is fine', async () => {
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
