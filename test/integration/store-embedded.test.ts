// The embedded PostgreSQL, started as root or as a user, and after any end of its service.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { DirectoryInUse, lockDirectory } from '../../src/os/directory-lock.ts';
import { EmbeddedPostgres } from '../../src/embedded-postgres/embedded-postgres.ts';
import { identify } from '../../src/os/process-identity.ts';
import { keepingLogger, silentLogger } from '../support/logger.ts';

const isRoot = process.getuid?.() === 0;

/** `embedded`: makes a database that stops after the test. */
const it = test
  .extend('directory', async ({}, { onCleanup }) => {
    const directory = mkdtempSync(join(tmpdir(), 'odcs-embedded-'));
    chmodSync(directory, 0o755);
    onCleanup(() => rmSync(directory, { recursive: true, force: true }));
    return directory;
  })
  .extend('dataDir', ({ directory }) => join(directory, 'data'))
  .extend('embedded', async ({ dataDir: own }, { onCleanup }) => {
    const running: EmbeddedPostgres[] = [];
    onCleanup(async () => {
      for (const postgres of running) await postgres.stop();
    });
    return (logger = silentLogger, dataDir = own): EmbeddedPostgres => {
      const postgres = new EmbeddedPostgres({ dataDir, logger, durable: false });
      running.push(postgres);
      return postgres;
    };
  });

async function query<Row extends object>(url: string, sql: string): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('The embedded PostgreSQL', () => {
  it('keeps its data and its URL over a stop and a start, which may be called twice', async ({ embedded }) => {
    const first = embedded();
    await first.start();
    await first.start();
    const { url } = first;
    await query(url, 'create table kept as select 42 as answer');
    await first.stop();
    await first.stop();
    expect(() => first.url).toThrow(/not running/);
    const second = embedded();
    await second.start();
    expect(second.url).toBe(url);
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('listens on no port, and requires a password that only its account can read', async ({ dataDir, embedded }) => {
    const postgres = embedded();
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

  it('does not start a second time on one data directory', async ({ dataDir, embedded }) => {
    await embedded().start();
    const second = embedded();
    await expect(second.start()).rejects.toThrow(new RegExp(`${dataDir} is in use by process ${process.pid}`));
    await expect(second.start()).rejects.toBeInstanceOf(DirectoryInUse);
  });

  it('takes over from a killed service whose server still runs', async ({ directory, dataDir, embedded }) => {
    const script = join(directory, 'start.mts');
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
    const orphan = Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);
    expect(identify(orphan)).not.toBeNull();
    const { logger, entries } = keepingLogger();
    const postgres = embedded(logger);
    await postgres.start();
    expect(identify(orphan)).toBeNull();
    expect(entries.map(({ message }) => message).join()).toMatch(/database still runs/);
    expect(await query(postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('restarts with the same URL after a kill, but not after a stop', async ({ dataDir, embedded }) => {
    const { logger, entries } = keepingLogger();
    const postgres = embedded(logger);
    await postgres.start();
    const { url } = postgres;
    const server = () =>
      Number(readFileSync(join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);
    const killed = server();
    process.kill(killed, 'SIGKILL');
    const answer = () => query(url, 'select 42 as answer').catch(() => []);
    await expect.poll(answer, { timeout: 20_000, interval: 100 }).toEqual([{ answer: 42 }]);
    expect(server()).not.toBe(killed);
    expect(entries.map(({ message }) => message)).toContain('The embedded database ended unexpectedly; restarting it');
    process.kill(server(), 'SIGKILL');
    await postgres.stop();
    expect(await answer()).toEqual([]);
  });

  it.runIf(isRoot)(
    'keeps its data elsewhere if only root can enter the data directory, logs where, and finds it again',
    async ({ directory, embedded }) => {
      const closed = join(directory, 'closed');
      mkdirSync(closed, { mode: 0o700 });
      const { logger, entries } = keepingLogger();
      const first = embedded(logger, join(closed, 'data'));
      await first.start();
      const elsewhere = entries.map(({ details }) => ('database' in details ? String(details.database) : '')).join('');
      try {
        expect(elsewhere).not.toBe('');
        expect(existsSync(join(elsewhere, 'cluster'))).toBe(true);
        await query(first.url, 'create table kept as select 42 as answer');
        await first.stop();
        const second = embedded(silentLogger, join(closed, 'data'));
        await second.start();
        expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
        await second.stop();
      } finally {
        rmSync(elsewhere, { recursive: true, force: true });
      }
    },
  );
});

describe('lockDirectory', () => {
  it('takes over a lock whose process has ended, or whose pid is now another process', ({ directory }) => {
    const self = identify(process.pid);
    for (const stale of [
      { pid: 2 ** 22 + 1, startTime: '1', bootId: 'x' },
      { ...self, startTime: '1' },
      { ...self, bootId: 'another boot' },
    ]) {
      writeFileSync(join(directory, 'lock'), JSON.stringify(stale));
      const lock = lockDirectory(directory);
      expect(() => lockDirectory(directory)).toThrow(DirectoryInUse);
      lock.release();
      expect(existsSync(join(directory, 'lock'))).toBe(false);
    }
  });
});
