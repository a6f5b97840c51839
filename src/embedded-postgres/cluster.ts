// The files of the embedded PostgreSQL: the cluster, its password and its socket.

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Place } from './place.ts';

const USER = 'odcs';
const DATABASE = 'odcs';
/** The path of a socket may have 107 bytes, the file name included. */
const MAX_SOCKET_DIRECTORY = 90;

export interface Cluster extends Place {
  readonly password: string;
  readonly durable: boolean;
}

/** Makes the cluster at the first start. */
export function openCluster(place: Place, durable: boolean): Cluster {
  const cluster = { ...place, password: passwordOf(place.home), durable };
  if (!existsSync(place.cluster)) initialize(cluster);
  return cluster;
}

export function urlOf({ password }: Cluster, sockets: string): string {
  return `postgresql://${USER}:${password}@localhost/${DATABASE}?host=${encodeURIComponent(sockets)}`;
}

function passwordOf(home: string): string {
  const file = join(home, 'password');
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, randomBytes(24).toString('hex'), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return readFileSync(file, 'utf8');
}

/** Under another name first, so that a cluster is complete when it appears. */
function initialize({ cluster, home, account, binaries, password, durable }: Cluster): void {
  const fresh = `${cluster}.new`;
  const passwordFile = join(home, 'initial-password');
  rmSync(fresh, { recursive: true, force: true });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account) chownSync(passwordFile, account.uid, account.gid);
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
  const result = spawnSync(join(binaries, 'bin', 'initdb'), durable ? args : [...args, '--no-sync'], {
    ...account,
    cwd: home,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    encoding: 'utf8',
  });
  rmSync(passwordFile, { force: true });
  if (result.status !== 0) throw new Error(`initdb failed: ${result.error?.message ?? result.stderr}`);
  renameSync(fresh, cluster);
}

export function socketDirectory({ home, account }: Place): string {
  const near = join(home, 'socket');
  const directory = near.length < MAX_SOCKET_DIRECTORY ? near : mkdtempSync(join(tmpdir(), 'odcs-socket-'));
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (account) chownSync(directory, account.uid, account.gid);
  return directory;
}

export async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url.replace(`/${DATABASE}?`, '/postgres?') });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}
