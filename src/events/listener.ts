// Notifications of PostgreSQL on a session that reconnects by itself.

import { escapeIdentifier } from 'pg';
import type { Logger, Service } from '../app/ports.ts';
import { Session } from '../store/session.ts';

export interface ListenerOptions {
  readonly url: string;
  readonly logger: Logger;
  readonly channels: readonly string[];
  readonly onNotification: (channel: string, payload: string) => void;
  /** Called after each connect: notifications from before it may have been missed. */
  readonly onListening: () => void;
  /** Default: `odcs-feed`. */
  readonly applicationName?: string;
  readonly heartbeatMs?: number;
  readonly patienceMs?: number;
}

const HEARTBEAT_MS = 1_000;

export class Listener implements Service {
  readonly #options: ListenerOptions;
  #session: Session | null = null;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  get listening(): boolean {
    return this.#session?.isConnected ?? false;
  }

  /** Rejects if the first connection fails; later ones are retried until `stop`. */
  async start(): Promise<void> {
    if (this.#session) return;
    const { logger, channels, onListening, applicationName = 'odcs-feed', heartbeatMs = HEARTBEAT_MS } = this.#options;
    this.#session = new Session({
      ...this.#options,
      applicationName,
      heartbeatMs,
      reconnects: true,
      async setUp(query) {
        for (const channel of channels) await query(`listen ${escapeIdentifier(channel)}`);
        onListening();
      },
      onLost: (error) => logger.warn({ err: error }, 'The connection that listens for events was lost; reconnecting'),
    });
    try {
      await this.#session.connect();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#session?.close();
    this.#session = null;
  }
}
