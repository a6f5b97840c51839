// A TCP proxy in front of PostgreSQL that fails like a network: connections break, become half-open, or are refused. Each
// fault says what happens to existing connections and to new ones.

import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  /** The URL of the target, by way of the proxy. */
  readonly url: string;
  /** Breaks existing connections; new ones work. */
  cut(): void;
  /** Existing connections become silent: the server detects it by its keepalives, the client never. New ones work. */
  halfOpen(): void;
  /** Forwards nothing on existing and new connections, until `restore`. */
  freeze(): void;
  /** Breaks existing connections and refuses new ones, until `restore`. */
  refuse(): void;
  /** Forwards what was frozen; new connections work. */
  restore(): void;
  close(): Promise<void>;
}

/** The server closes the connection of a client that does not acknowledge for this time. */
const SERVER_KEEPALIVE_MS = 20_000;

interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
}

/** `target`: a postgresql:// URL with a TCP address, or with the directory of a socket (`?host=/…`). */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const url = new URL(target);
  const directory = url.searchParams.get('host');
  const port = Number(url.port || 5432);
  const links = new Set<Link>();
  const silent = new Set<Link>();
  let mode: 'open' | 'frozen' | 'refusing' = 'open';

  const server = createServer((client) => {
    if (mode === 'refusing') return void client.resetAndDestroy();
    const upstream = directory ? connect(`${directory}/.s.PGSQL.${port}`) : connect(port, url.hostname);
    const link = { client, upstream };
    links.add(link);
    for (const socket of [client, upstream]) {
      socket.on('error', () => {});
      socket.on('close', () => end(link));
    }
    if (mode === 'open') join(link);
  });

  function end(link: Link): void {
    // The other side of a half-open connection must not detect that this side has closed.
    if (silent.has(link) || !links.delete(link)) return;
    link.client.destroy();
    link.upstream.destroy();
  }

  function breakAll(): void {
    for (const link of [...links].filter((each) => !silent.has(each))) {
      links.delete(link);
      link.client.resetAndDestroy();
      link.upstream.destroy();
    }
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url.searchParams.delete('host');
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    cut: breakAll,
    halfOpen() {
      const gone = [...links].filter((link) => !silent.has(link));
      for (const link of gone) {
        silent.add(link);
        part(link);
      }
      setTimeout(() => {
        for (const { upstream } of gone) upstream.destroy();
      }, SERVER_KEEPALIVE_MS).unref();
    },
    freeze() {
      mode = 'frozen';
      for (const link of links) part(link);
    },
    refuse() {
      mode = 'refusing';
      breakAll();
    },
    restore() {
      if (mode === 'frozen') for (const link of links) if (!silent.has(link)) join(link);
      mode = 'open';
    },
    async close() {
      for (const { client, upstream } of links) {
        client.destroy();
        upstream.destroy();
      }
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

function join({ client, upstream }: Link): void {
  client.pipe(upstream);
  upstream.pipe(client);
}

function part({ client, upstream }: Link): void {
  for (const socket of [client, upstream]) socket.unpipe().pause();
}
