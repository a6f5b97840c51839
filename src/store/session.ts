// One connection to PostgreSQL, for what must not wait for a free connection of the pool. It notices that it is lost within
// seconds, even if the network drops packets silently: no answer takes longer than the patience, unless the server says
// that the backend still works on it.

import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { RETRY_POLICIES } from '../concurrency/retry-policies.ts';
import { retryErrors } from '../concurrency/retry.ts';
import { DRIVER_TYPES } from './driver-types.ts';
import { preparedName } from './prepared.ts';

export interface SessionOptions {
  readonly url: string;
  /** The name in `pg_stat_activity`. */
  readonly applicationName: string;
  /** PostgreSQL settings as `name=value`, beside those that every session has. */
  readonly settings?: readonly string[];
  /** How long to wait for the connection, and for an answer before the server is asked about it. Default: 3,000. */
  readonly patienceMs?: number;
  /** The interval of heartbeats. Without it, a lost session is noticed by its next statement. */
  readonly heartbeatMs?: number;
  /** Whether a lost session reconnects by itself. Otherwise its next statement does. */
  readonly reconnects?: boolean;
  /** Statements that every new connection begins with. */
  readonly setUp?: (query: (sql: string) => Promise<unknown>) => Promise<void>;
  readonly onNotification?: (channel: string, payload: string) => void;
  readonly onLost?: (error: unknown) => void;
}

const PATIENCE_MS = 3_000;
// The server drops a client that it cannot reach as soon as the client drops the server.
const KEEPALIVES = ['tcp_keepalives_idle=10', 'tcp_keepalives_interval=3', 'tcp_keepalives_count=3'];

/** `-c` options for the settings that every connection of the service has, and for more. */
export function connectionSettings(...more: readonly string[]): string {
  return ['timezone=UTC', 'jit=off', ...KEEPALIVES, ...more].map((setting) => `-c ${setting}`).join(' ');
}

export class Session {
  readonly #options: SessionOptions;
  readonly #closed = new AbortController();
  #client: pg.Client | null = null;
  #connecting: Promise<pg.Client> | null = null;
  /** The latest statement of the connection: pg takes one at a time. */
  #latest: Promise<unknown> = Promise.resolve();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#client !== null;
  }

  async connect(): Promise<void> {
    await this.#connected();
  }

  /** Connects first, if it is not connected. */
  async query<Row extends object>(sql: string, parameters: readonly unknown[] = []): Promise<pg.QueryResult<Row>> {
    return this.#ask<Row>(await this.#connected(), sql, parameters);
  }

  /** Rejects what waits for an answer, without waiting for the server. */
  close(): void {
    this.#closed.abort();
    if (this.#client) discard(this.#client);
    this.#client = null;
  }

  async #connected(): Promise<pg.Client> {
    return this.#client ?? (this.#connecting ??= this.#open().finally(() => (this.#connecting = null)));
  }

  async #open(): Promise<pg.Client> {
    this.#throwIfClosed();
    const { url, applicationName, settings = [], setUp, onNotification } = this.#options;
    const client = new pg.Client({
      connectionString: url,
      application_name: applicationName,
      options: connectionSettings(...settings),
      keepAlive: true,
      connectionTimeoutMillis: this.#patienceMs,
      types: DRIVER_TYPES,
    });
    this.#latest = Promise.resolve();
    client.on('error', (error) => this.#break(client, error));
    client.on('end', () => this.#break(client, new Error('Connection terminated by the server')));
    client.on('notification', ({ channel, payload }) => onNotification?.(channel, payload ?? ''));
    try {
      await client.connect();
      await setUp?.((sql) => this.#ask(client, sql, []));
      this.#throwIfClosed();
    } catch (error) {
      discard(client);
      throw error;
    }
    this.#client = client;
    void this.#sendHeartbeats(client);
    return client;
  }

  #throwIfClosed(): void {
    if (this.#closed.signal.aborted) throw new Error('Connection terminated: the session is closed');
  }

  get #patienceMs(): number {
    return this.#options.patienceMs ?? PATIENCE_MS;
  }

  #ask<Row extends object>(
    client: pg.Client,
    sql: string,
    parameters: readonly unknown[],
  ): Promise<pg.QueryResult<Row>> {
    const answer = this.#latest.then(() => this.#send<Row>(client, sql, parameters));
    this.#latest = answer.catch(() => undefined);
    return answer;
  }

  async #send<Row extends object>(
    client: pg.Client,
    sql: string,
    parameters: readonly unknown[],
  ): Promise<pg.QueryResult<Row>> {
    const answered = new AbortController();
    void this.#watch(client, answered.signal);
    try {
      const name = preparedName(sql);
      const statement = { text: sql, values: [...parameters], ...(name !== undefined && { name }) };
      return await client.query<Row>(statement);
    } catch (error) {
      // Whatever PostgreSQL did not answer itself means that the connection cannot be used.
      if (!(error instanceof pg.DatabaseError)) this.#break(client, error);
      throw error;
    } finally {
      answered.abort();
    }
  }

  /** Breaks the connection if an answer is overdue and the backend does not work on it. */
  async #watch(client: pg.Client, answered: AbortSignal): Promise<void> {
    while (await isStillWaiting(this.#patienceMs, answered)) {
      const busy = await busyBackends(this.#options.url, [processId(client)], this.#patienceMs);
      if (!answered.aborted && !busy.has(processId(client)))
        this.#break(client, new Error('Connection terminated: an answer was overdue'));
    }
  }

  async #sendHeartbeats(client: pg.Client): Promise<void> {
    const { heartbeatMs } = this.#options;
    while (heartbeatMs !== undefined && this.#client === client) {
      await sleep(heartbeatMs, undefined, { ref: false });
      // A heartbeat that fails has broken the connection.
      if (this.#client === client) await this.#ask(client, 'select 1', []).catch(() => undefined);
    }
  }

  #break(client: pg.Client, error: unknown): void {
    discard(client);
    if (this.#client !== client) return;
    this.#client = null;
    this.#options.onLost?.(error);
    if (this.#options.reconnects) void this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    const connect = () => this.#connected();
    await retryErrors(RETRY_POLICIES['session-reconnect'], this.#closed.signal, connect, () => true).catch(
      () => undefined,
    );
  }
}

/** False as soon as the signal aborts. */
async function isStillWaiting(ms: number, answered: AbortSignal): Promise<boolean> {
  await sleep(ms, undefined, { signal: answered, ref: false }).catch(() => undefined);
  return !answered.aborted;
}

const BUSY = "select pid from pg_stat_activity where pid = any($1::int[]) and state = 'active'";

/** Asks the server, on a connection of its own, which backends work on a statement; none if it does not answer. */
export async function busyBackends(
  url: string,
  pids: readonly number[],
  patienceMs: number,
): Promise<ReadonlySet<number>> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'odcs-silence',
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ pid: number }>(BUSY, [pids]);
    return new Set(rows.map(({ pid }) => pid));
  } catch {
    return new Set();
  } finally {
    discard(client);
  }
}

/** The backend of a connection. */
export function processId(client: object): number {
  return (client as { readonly processID: number }).processID;
}

/** Ends a connection without waiting: one that is half open would never answer. */
function discard(client: pg.Client): void {
  client.removeAllListeners();
  client.on('error', () => {});
  client.end().catch(() => {});
  client.connection.stream.destroy();
}
