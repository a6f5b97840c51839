// The listening connection, through a proxy that can go silent the way a network does: open, and nothing comes.

import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Listener } from '../../src/events/listener.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { silentLogger } from '../support/logger.ts';

let test: TestDatabase;
let proxy: SilentProxy;
beforeEach(async () => {
  test = await createTestDatabase();
  proxy = await silentProxy(test.url);
});
afterEach(async () => {
  proxy.close();
  await test.drop();
});

interface SilentProxy {
  readonly url: string;
  /** Connections made so far neither end nor let anything through any more; new ones do. */
  silence(): void;
  close(): void;
}

async function silentProxy(target: string): Promise<SilentProxy> {
  const url = new URL(target);
  const directory = url.searchParams.get('host');
  const port = Number(url.port || 5432);
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = directory ? connect(`${directory}/.s.PGSQL.5432`) : connect(port, url.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url.searchParams.delete('host');
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    silence() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

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
  proxy.silence();
  await test.query("notify \"a channel\", 'lost'");
  await listening.promise;
  await test.query("notify \"a channel\", 'heard'");
  await expect.poll(() => heard).toEqual(['heard']);
  await listener.stop();
  expect(listener.listening).toBe(false);
});

it('the first connection fails where there is no database; stopping then is fine', async () => {
  proxy.close();
  const listener = new Listener({ url: proxy.url, logger: silentLogger, channels: [], onNotification: () => {}, onListening: () => {} });
  await expect(listener.start()).rejects.toThrow(/ECONNREFUSED/);
  await listener.stop();
});
