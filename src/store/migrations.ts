// Forward-only migrations: each file of the folder migrations/ is one, applied in the order of the names, in a
// transaction of its own, by one process at a time.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Migration } from '@mikro-orm/migrations';
import type { Em, Orm } from './em.ts';
import { Session } from './session.ts';

// The same two steps up from src/store and from dist/store.
const FOLDER = join(import.meta.dirname, '..', '..', 'migrations');
const LOCK = '7236840280';
const LOCK_RETRY_MS = 100;
const PATIENCE_MS = 10_000;
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
  const session = new Session({ url, applicationName: 'odcs-migrations', patienceMs: PATIENCE_MS });
  try {
    // Not a lock that waits: no statement of a session takes long. The lock ends with the session.
    while (!(await isLocked(session))) await sleep(LOCK_RETRY_MS);
    if (await hasNewerSchema(orm.em)) throw new NewerSchema();
    await orm.migrator.up();
  } finally {
    session.close();
  }
}

async function isLocked(session: Session): Promise<boolean> {
  const { rows } = await session.query<{ done: boolean }>('select pg_try_advisory_lock($1) as done', [LOCK]);
  return rows[0]?.done ?? false;
}

/** Every migration of this version is applied: part of /readyz. */
export async function isMigrated(em: Em): Promise<boolean> {
  const applied = await appliedMigrations(em);
  return migrationsList().every(({ name }) => applied.has(name));
}

export async function hasNewerSchema(em: Em): Promise<boolean> {
  const known = new Set(migrationsList().map(({ name }) => name));
  return [...(await appliedMigrations(em))].some((name) => !known.has(name));
}

/** Raw, because the table is MikroORM's and has no entity. */
async function appliedMigrations(em: Em): Promise<ReadonlySet<string>> {
  const [table] = await em.execute<{ exists: boolean }[]>(
    `select to_regclass('${MIGRATION_TABLE}') is not null as exists`,
  );
  if (!table?.exists) return new Set();
  const rows = await em.execute<{ name: string }[]>(`select name from ${MIGRATION_TABLE}`);
  return new Set(rows.map(({ name }) => name));
}
