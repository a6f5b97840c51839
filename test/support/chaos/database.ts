// A database for one run, on an existing server.

import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Query } from './history.ts';

export async function createDatabase(serverUrl: string): Promise<{ url: string; query: Query; end(): Promise<void> }> {
  const name = `odcs_chaos_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const admin = new pg.Pool({ connectionString: serverUrl, max: 1 });
  // Dropping the database may end the last connection before it is closed here.
  admin.on('error', () => {});
  await admin.query(`create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({
    connectionString: url.href,
    max: 3,
    min: 3,
    idleTimeoutMillis: 0,
    application_name: 'chaos',
  });
  pool.on('error', () => {});
  return {
    url: url.href,
    query: async <Row extends object>(sql: string, parameters: readonly unknown[] = []) =>
      (await pool.query<Row>(sql, [...parameters])).rows,
    async end() {
      await pool.end();
      await admin.query(`drop database if exists ${name} with (force)`);
      await admin.end();
    },
  };
}
