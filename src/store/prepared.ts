// Statements that this process builds once, and that the server parses and plans once per connection. Lists with filters
// are not prepared, because their best plan depends on the values.

import { CompiledQuery, type Kysely } from 'kysely';
import type { Pool, PoolClient } from 'pg';
import type { Em, Tables } from './em.ts';

const names = new Map<string, string>();

function prepared(sql: string): string {
  if (!names.has(sql)) names.set(sql, `odcs_${names.size}`);
  return sql;
}

/** The name under which a statement of this text is prepared, if it is. */
export function preparedName(sql: string): string | undefined {
  return names.get(sql);
}

interface Built<Row> {
  compile(db: Kysely<Tables>): CompiledQuery<Row>;
}

/** Stands for an argument while a statement is built. */
class Argument {
  readonly valueIn: (args: readonly unknown[]) => unknown;

  constructor(valueIn: (args: readonly unknown[]) => unknown) {
    this.valueIn = valueIn;
  }
}

export type Statement<Args extends readonly unknown[], Row> = (em: Em, ...args: Args) => Promise<readonly Row[]>;

/**
 * A prepared statement. `build` runs once, so its arguments may become parameters of the statement and nothing else. A plain
 * object is an argument for each of its properties, and must have the same ones in every call.
 */
export function statement<Args extends readonly unknown[], Row>(
  build: (db: Kysely<Tables>, ...args: Args) => Built<Row>,
): Statement<Args, Row> {
  let compiled: CompiledQuery<Row> | undefined;
  return async (em, ...args) => {
    const db = em.getKysely();
    compiled ??= build(db, ...(args.map(argumentOf) as unknown as Args)).compile(db);
    const values = compiled.parameters.map((each) => (each instanceof Argument ? each.valueIn(args) : each));
    return (await db.executeQuery<Row>(CompiledQuery.raw(prepared(compiled.sql), values))).rows;
  };
}

function argumentOf(value: unknown, index: number): unknown {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return new Argument((args) => args[index]);
  const property = (name: string) => new Argument((args) => (args[index] as Record<string, unknown>)[name]);
  return Object.fromEntries(Object.keys(value).map((name) => [name, property(name)]));
}

/** Statements of which the text depends on a key; there must be few keys. */
export function statementsBy<Key, Args extends readonly unknown[], Row>(
  build: (key: Key, db: Kysely<Tables>, ...args: Args) => Built<Row>,
): (key: Key) => Statement<Args, Row> {
  const statements = new Map<string, Statement<Args, Row>>();
  return (key) => {
    const name = JSON.stringify(key);
    const known = statements.get(name) ?? statement((db, ...args: Args) => build(key, db, ...args));
    statements.set(name, known);
    return known;
  };
}

/** Runs a text of another library as a prepared statement; there must be few texts. */
export async function runText(em: Em, sql: string, values: readonly unknown[]): Promise<readonly object[]> {
  return (await em.getKysely().executeQuery<object>(CompiledQuery.raw(prepared(sql), [...values]))).rows;
}

type Query = (text: unknown, values?: unknown, callback?: unknown) => unknown;

/** Makes the pool's connections send marked statements by name. */
export function prepareOn(pool: Pool): void {
  pool.on('connect', (client: PoolClient) => {
    const query = client.query.bind(client) as Query;
    const named: Query = (text, values, callback) => {
      const name = typeof text === 'string' ? preparedName(text) : undefined;
      return name === undefined ? query(text, values, callback) : query({ name, text, values }, callback);
    };
    client.query = named as typeof client.query;
  });
}
