// Forward-only migrations: each file of the folder migrations/ is one, applied in the order of the names, in a
// transaction of its own, by one process at a time.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Migration } from '@mikro-orm/migrations';
import pg from 'pg';
import type { Orm } from './em.ts';

// The same two steps up from src/store and from dist/store.
const FOLDER = join(import.meta.dirname, '..', '..', 'migrations');
const LOCK = '7236840280';
const CONNECT_MS = 10_000;
export const MIGRATION_TABLE = 'migration';

export function migrationsList() {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => ({ name: file.slice(0, -'.sql'.length), class: migrationFrom(join(FOLDER, file)) }));
}

function migrationFrom(file: string) {
  return class extends Migration {
    override up(): void {
      this.addSql(readFileSync(file, 'utf8'));
    }
  };
}

/** The database has migrations that this version does not know. */
export class NewerSchema extends Error {
  constructor() {
    super(
      'A newer version has migrated the database. Start that version, or restore the backup from before the upgrade.',
    );
  }
}

/**
 * Brings the database up to date. Several processes may call it at once: the later ones find nothing to do. Rejects with
 * `NewerSchema`.
 */
export async function migrate(orm: Orm, url: string): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'odcs-migrations',
    connectionTimeoutMillis: CONNECT_MS,
  });
  await client.connect();
  try {
    await client.query(`select pg_advisory_lock(${LOCK})`);
    if (await hasNewerSchema(orm)) throw new NewerSchema();
    await orm.migrator.up();
  } finally {
    await client.end();
  }
}

/** Every migration of this version is applied: part of /readyz. */
export async function isMigrated(orm: Orm): Promise<boolean> {
  const applied = await appliedMigrations(orm);
  return migrationsList().every(({ name }) => applied.has(name));
}

export async function hasNewerSchema(orm: Orm): Promise<boolean> {
  const known = new Set(migrationsList().map(({ name }) => name));
  return [...(await appliedMigrations(orm))].some((name) => !known.has(name));
}

async function appliedMigrations(orm: Orm): Promise<ReadonlySet<string>> {
  const connection = orm.em.getConnection();
  const [table] = await connection.execute<{ exists: boolean }[]>(
    `select to_regclass('${MIGRATION_TABLE}') is not null as exists`,
  );
  if (!table?.exists) return new Set();
  const rows = await connection.execute<{ name: string }[]>(`select name from ${MIGRATION_TABLE}`);
  return new Set(rows.map(({ name }) => name));
}
