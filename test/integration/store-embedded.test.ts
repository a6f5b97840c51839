// The embedded PostgreSQL: as root and as a user, wherever the data directory lies, and after any end.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DirectoryInUse, lockDirectory } from '../../src/os/directory-lock.ts';
import { EmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres.ts';
import { identify } from '../../src/os/process-identity.ts';
import { keepingLogger, silentLogger } from '../support/logger.ts';

const isRoot = process.getuid?.() === 0;
let base: string;
let running: EmbeddedPostgres[];
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'odcs-embedded-'));
  chmodSync(base, 0o755);
  running = [];
});
afterEach(async () => {
  for (const postgres of running) await postgres.stop();
  rmSync(base, { recursive: true, force: true });
});

function embedded(dataDir: string, logger = silentLogger): EmbeddedPostgres {
  const postgres = new EmbeddedPostgres({ dataDir, logger, durable: false });
  running.push(postgres);
  return postgres;
}

async function query<Row extends object>(url: string, sql: string): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

it('keeps what is in it over a stop and a start, under one url; both may be called twice', async () => {
  const dataDir = join(base, 'data');
  const first = embedded(dataDir);
  await first.start();
  await first.start();
  const { url } = first;
  await query(url, 'create table kept as select 42 as answer');
  await first.stop();
  await first.stop();
  expect(() => first.url).toThrow(/not running/);
  const second = embedded(dataDir);
  await second.start();
  expect(second.url).toBe(url);
  expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
});

it('listens on no port, and lets nobody in without the password, which only its account can read', async () => {
  const dataDir = join(base, 'data');
  const postgres = embedded(dataDir);
  await postgres.start();
  expect(await query(postgres.url, "select setting from pg_settings where name = 'listen_addresses'")).toEqual([
    { setting: '' },
  ]);
  const wrong = new URL(postgres.url);
  wrong.password = 'wrong';
  await expect(query(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/);
  const home = join(dataDir, 'postgres');
  expect(statSync(join(home, 'password')).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(home, 'password'), 'utf8')).toBe(new URL(postgres.url).password);
});

it('is refused a second time on one data directory, and told why', async () => {
  const dataDir = join(base, 'data');
  await embedded(dataDir).start();
  const second = embedded(dataDir);
  await expect(second.start()).rejects.toThrow(new RegExp(`${dataDir} is in use by process ${process.pid}`));
  await expect(second.start()).rejects.toBeInstanceOf(DirectoryInUse);
});

it('takes over from a service that was killed, whose server still runs', async () => {
  const dataDir = join(base, 'data');
  const script = join(base, 'start.mts');
  const source = join(import.meta.dirname, '..', '..', 'src', 'embedded-postgres', 'embedded-postgres.ts');
  writeFileSync(
    script,
    `
    import { EmbeddedPostgres } from ${JSON.stringify(source)};
    const logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger };
    const postgres = new EmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)}, logger, durable: false });
    await postgres.start();
    process.stdout.write('started');
    setInterval(() => {}, 1000);`,
  );
  const child = spawn(process.execPath, ['--experimental-transform-types', '--no-warnings', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const cluster = join(dataDir, 'postgres', 'cluster');
  const leftOver = Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);
  expect(identify(leftOver)).not.toBeNull();
  const { logger, entries } = keepingLogger();
  const postgres = embedded(dataDir, logger);
  await postgres.start();
  expect(identify(leftOver)).toBeNull();
  expect(entries.map(({ message }) => message).join()).toMatch(/left its database running/);
  expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
});

it('is started again, under the same url, when it was killed, and not when it was stopped meanwhile', async () => {
  const dataDir = join(base, 'data');
  const { logger, entries } = keepingLogger();
  const postgres = embedded(dataDir, logger);
  await postgres.start();
  const { url } = postgres;
  const server = () =>
    Number(readFileSync(join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);
  const killed = server();
  process.kill(killed, 'SIGKILL');
  const answer = () => query(url, 'select 42 as answer').catch(() => []);
  await expect.poll(answer, { timeout: 20_000, interval: 100 }).toEqual([{ answer: 42 }]);
  expect(server()).not.toBe(killed);
  expect(entries.map(({ message }) => message)).toContain('The embedded database ended by itself and is started again');
  process.kill(server(), 'SIGKILL');
  await postgres.stop();
  expect(await answer()).toEqual([]);
});

it.runIf(isRoot)('is kept elsewhere where only root may enter, says so, and finds it again', async () => {
  const closed = join(base, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  const { logger, entries } = keepingLogger();
  const first = embedded(join(closed, 'data'), logger);
  await first.start();
  const elsewhere = entries.map(({ details }) => ('database' in details ? String(details.database) : '')).join('');
  try {
    expect(elsewhere).not.toBe('');
    expect(existsSync(join(elsewhere, 'cluster'))).toBe(true);
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    const second = embedded(join(closed, 'data'));
    await second.start();
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await second.stop();
  } finally {
    rmSync(elsewhere, { recursive: true, force: true });
  }
});

it('a lock whose holder is gone, or whose pid is another process by now, is taken over', () => {
  const self = identify(process.pid);
  for (const stale of [
    { pid: 2 ** 22 + 1, startTime: '1', bootId: 'x' },
    { ...self, startTime: '1' },
    { ...self, bootId: 'another boot' },
  ]) {
    writeFileSync(join(base, 'lock'), JSON.stringify(stale));
    const lock = lockDirectory(base);
    expect(() => lockDirectory(base)).toThrow(DirectoryInUse);
    lock.release();
    expect(existsSync(join(base, 'lock'))).toBe(false);
  }
});
