// Statements that the server parses and plans once per connection: those of a fixed text that run often. Lists with
// filters are not among them: their best plan depends on the values.

import type { Pool, PoolClient } from 'pg';

const names = new Map<string, string>();

/** Marks a statement as one to prepare; answers its text. */
export function prepared(sql: string): string {
  if (!names.has(sql)) names.set(sql, `odcs_${names.size}`);
  return sql;
}

type Query = (text: unknown, values?: unknown, callback?: unknown) => unknown;

/** Makes the pool's connections send marked statements by name. */
export function prepareOn(pool: Pool): void {
  pool.on('connect', (client: PoolClient) => {
    const query = client.query.bind(client) as Query;
    const named: Query = (text, values, callback) => {
      const name = typeof text === 'string' ? names.get(text) : undefined;
      return name === undefined ? query(text, values, callback) : query({ name, text, values }, callback);
    };
    client.query = named as typeof client.query;
  });
}
