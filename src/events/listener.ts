// A connection that only listens. It says when it listens (again), and notices by itself when it hears nothing any more:
// a connection that is half open fails its heartbeat within seconds and is replaced.

import pg from 'pg';
import type { Logger, Service } from '../app/ports.ts';

export interface ListenerOptions {
  readonly url: string;
  readonly logger: Logger;
  readonly channels: readonly string[];
  readonly onNotification: (channel: string, payload: string) => void;
  /** Whatever was notified before this may have been missed. */
  readonly onListening: () => void;
  readonly heartbeatMs?: number;
  /** As pg_stat_activity shows it. Default: odcs-feed. */
  readonly applicationName?: string;
  /** How long an answer may take before the connection counts as lost. */
  readonly patienceMs?: number;
}

const HEARTBEAT_MS = 1_000;
const PATIENCE_MS = 3_000;
const RETRY_MS = [50, 200, 500, 1_000] as const;

export class Listener implements Service {
  readonly #options: ListenerOptions;
  #client: pg.Client | null = null;
  #heartbeat: NodeJS.Timeout | null = null;
  #retry: NodeJS.Timeout | null = null;
  #failures = 0;
  #running = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  get listening(): boolean {
    return this.#client !== null;
  }

  /** Rejects where the first connection cannot be made; later ones are tried until `stop`. */
  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      await this.#connect();
    } catch (error) {
      this.#running = false;
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    if (this.#retry) clearTimeout(this.#retry);
    this.#retry = null;
    this.#drop();
  }

  async #connect(): Promise<void> {
    const { url, channels, onNotification, onListening, patienceMs = PATIENCE_MS } = this.#options;
    const client = new pg.Client({
      connectionString: url,
      application_name: this.#options.applicationName ?? 'odcs-feed',
      keepAlive: true,
      connectionTimeoutMillis: patienceMs,
      query_timeout: patienceMs,
    });
    client.on('error', (error) => this.#lost(client, error));
    client.on('end', () => this.#lost(client, new Error('The connection was closed')));
    client.on('notification', ({ channel, payload }) => onNotification(channel, payload ?? ''));
    try {
      await client.connect();
      for (const channel of channels) await client.query(`listen ${client.escapeIdentifier(channel)}`);
    } catch (error) {
      discard(client);
      throw error;
    }
    if (!this.#running) return discard(client);
    this.#client = client;
    this.#failures = 0;
    this.#scheduleBeat(client);
    onListening();
  }

  #scheduleBeat(client: pg.Client): void {
    this.#heartbeat = setTimeout(() => void this.#beat(client), this.#options.heartbeatMs ?? HEARTBEAT_MS);
  }

  async #beat(client: pg.Client): Promise<void> {
    try {
      // `query_timeout` makes it reject where nothing comes back.
      await client.query('select 1');
      if (this.#client === client) this.#scheduleBeat(client);
    } catch (error) {
      this.#lost(client, error);
    }
  }

  #lost(client: pg.Client, error: unknown): void {
    if (this.#client !== client) return;
    this.#drop();
    this.#options.logger.warn({ err: error }, 'The connection that listens for events was lost; making another');
    this.#tryAgain();
  }

  #tryAgain(): void {
    if (!this.#running) return;
    const wait = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)];
    this.#failures += 1;
    this.#retry = setTimeout(() => {
      this.#connect().catch(() => this.#tryAgain());
    }, wait);
  }

  #drop(): void {
    if (this.#heartbeat) clearTimeout(this.#heartbeat);
    this.#heartbeat = null;
    const client = this.#client;
    this.#client = null;
    if (client) discard(client);
  }
}

/** Ends it without waiting: one that is half open would never answer. */
function discard(client: pg.Client): void {
  client.removeAllListeners();
  client.on('error', () => {});
  client.end().catch(() => {});
  client.connection.stream.destroy();
}
