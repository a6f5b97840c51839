// A database of the run's own, on a server that is there.

import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Query } from './history.ts';

export async function createDatabase(serverUrl: string): Promise<{ url: string; query: Query; end(): Promise<void> }> {
  const name = `odcs_chaos_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const admin = new pg.Pool({ connectionString: serverUrl, max: 1 });
  // The server may be faster than the end of the last connection.
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
