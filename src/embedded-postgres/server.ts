// The server process of the embedded PostgreSQL.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../app/ports.ts';
import type { Cluster } from './cluster.ts';

const START_LIMIT_MS = 60_000;
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

export interface StartedServer {
  readonly server: ChildProcess;
  readonly exited: Promise<unknown>;
  /** Rejects, with the end of the log, if the server does not accept connections in time. */
  readonly ready: Promise<void>;
}

/** `dataDir` gets the log. */
export function startServer(cluster: Cluster, sockets: string, dataDir: string, logger: Logger): StartedServer {
  const logFile = join(dataDir, 'postgres.log');
  const log = openSync(logFile, 'a', 0o600);
  const settings = { ...SETTINGS, ...(cluster.durable ? {} : UNSAFE_SETTINGS), unix_socket_directories: sockets };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // In a session of its own, so that Ctrl-C in a terminal does not stop it before the service has drained.
  const server = spawn(join(cluster.binaries, 'bin', 'postgres'), ['-D', cluster.cluster, ...flags], {
    ...cluster.account,
    cwd: cluster.cluster,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const exited = once(server, 'exit').catch((error: unknown) =>
    logger.error({ err: error }, 'The embedded database could not be started'),
  );
  return { server, exited, ready: waitUntilReady(server, cluster.cluster, logFile) };
}

async function waitUntilReady(server: ChildProcess, cluster: string, logFile: string): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (Date.now() < deadline && server.pid !== undefined && !hasEnded(server)) {
    const lines = postmasterFile(cluster);
    if (Number(lines[0]) === server.pid && lines[7]?.trim() === 'ready') return;
    await sleep(5);
  }
  const log = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-5).join('\n');
  throw new Error(`The embedded database did not start. The end of its log:\n${log}`);
}

/** Stops the server of a service that was killed, so that the server is always a child of this process. */
export async function stopOrphan(cluster: string, logger: Logger): Promise<void> {
  const pid = Number(postmasterFile(cluster)[0] ?? 0);
  const isRunning = () => pid > 0 && workingDirectory(pid) === cluster;
  if (!isRunning()) return;
  logger.warn({ pid }, 'A service was killed and its database still runs; stopping the database first');
  await stop(pid, () => !isRunning());
}

export async function stopServer(server: ChildProcess | null): Promise<void> {
  if (server?.pid !== undefined) await stop(server.pid, () => hasEnded(server));
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** A fast shutdown, then an immediate one, then a kill; at most 15 s. */
async function stop(pid: number, hasStopped: () => boolean): Promise<void> {
  for (const [signal, limitMs] of [
    ['SIGINT', 8_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 2_000],
  ] as const) {
    if (hasStopped()) return;
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    for (let waited = 0; waited < limitMs && !hasStopped(); waited += 10) await sleep(10);
  }
}

function postmasterFile(cluster: string): readonly string[] {
  try {
    return readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}

function workingDirectory(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null;
  }
}
