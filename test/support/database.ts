// A fresh, migrated database for each test file: cloned from a template that the run made once.

import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { PgBossQueue } from '../../src/queue/work-queue.ts';
import type { JobSender } from '../../src/store/compose-transaction.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrations.ts';
import { silentLogger } from './logger.ts';

export interface TestDatabase {
  readonly url: string;
  /** Runs one statement on a connection that nothing under test uses. */
  query<Row extends object>(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>;
  drop(): Promise<void>;
}

/** Stands in for the queue where a test needs none. */
export const noQueue: JobSender = { send: async () => {} };

export async function makeTemplate(serverUrl: string): Promise<{ readonly name: string; drop(): Promise<void> }> {
  const name = databaseName('template');
  await onServer(serverUrl, `create database ${name}`);
  const url = urlOf(serverUrl, name);
  const database = await openDatabase({ url, logger: silentLogger });
  await migrate(database.orm, url);
  const queue = new PgBossQueue({ database, logger: silentLogger });
  await queue.start();
  await queue.stop();
  await database.close();
  return { name, drop: () => onServer(serverUrl, `drop database if exists ${name} with (force)`) };
}

export async function createTestDatabase(): Promise<TestDatabase> {
  const database = await create('test', `template ${inject('templateDatabase')}`);
  await database.query('update instance set id = gen_random_uuid()');
  return database;
}

/** One with nothing in it, for tests of what makes it usable. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return create('empty', '');
}

async function create(kind: string, from: string): Promise<TestDatabase> {
  const serverUrl = inject('serverUrl');
  const name = databaseName(kind);
  await onServer(serverUrl, `create database ${name} ${from}`);
  const url = urlOf(serverUrl, name);
  const pool = new pg.Pool({ connectionString: url, max: 2, application_name: 'test' });
  // Dropping the database ends idle connections.
  pool.on('error', () => {});
  return {
    url,
    query: async <Row extends object>(sql: string, parameters: readonly unknown[] = []) =>
      (await pool.query<Row>(sql, [...parameters])).rows,
    async drop() {
      await pool.end();
      await onServer(serverUrl, `drop database if exists ${name} with (force)`);
    },
  };
}

export async function openTestDatabase(test: TestDatabase, poolSize = 10): Promise<Database> {
  return openDatabase({ url: test.url, logger: silentLogger, poolSize });
}

function databaseName(kind: string): string {
  return `odcs_${kind}_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
}

function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

async function onServer(serverUrl: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
