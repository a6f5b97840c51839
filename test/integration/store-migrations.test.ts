// The migrations: on an empty database, by many at once, and as the entities expect the tables to be.

import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { instanceId, lastComposeId } from '../../src/store/instance.ts';
import { hasNewerSchema, isMigrated, migrate, MIGRATION_TABLE, NewerSchema } from '../../src/store/migrations.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/database.ts';
import { silentLogger } from '../support/logger.ts';

const SYNONYMS: Record<string, string> = { 'timestamptz(3)': 'timestamp(3) with time zone', int: 'integer' };

let test: TestDatabase;
let databases: Database[];
beforeEach(async () => {
  test = await createEmptyDatabase();
  databases = [];
});
afterEach(async () => {
  for (const database of databases) await database.close();
  await test.drop();
});

async function open(): Promise<Database> {
  const database = await openDatabase({ url: test.url, logger: silentLogger });
  databases.push(database);
  return database;
}

it('are applied once, however many processes start at the same time', async () => {
  const processes = await Promise.all([open(), open(), open(), open()]);
  expect(await Promise.all(processes.map(({ orm }) => isMigrated(orm.em)))).toEqual([false, false, false, false]);
  await Promise.all(processes.map(({ orm }) => migrate(orm, test.url)));
  expect(await Promise.all(processes.map(({ orm }) => isMigrated(orm.em)))).toEqual([true, true, true, true]);
  expect(await test.query('select count(*)::int as count from instance')).toEqual([{ count: 1 }]);
});

it('leave data alone when they run again', async () => {
  const { orm, em } = await open();
  await migrate(orm, test.url);
  const id = await instanceId(em);
  expect(await lastComposeId(em)).toBe(0n);
  await test.query(`insert into worker (id, host, boot_id, pid) values ('${randomUUID()}', 'h', 'b', 1)`);
  await migrate(orm, test.url);
  expect(await instanceId(em)).toBe(id);
  expect(await test.query('select count(*)::int as count from worker')).toEqual([{ count: 1 }]);
});

it('are not applied to a database that a newer version has migrated', async () => {
  const { orm } = await open();
  await migrate(orm, test.url);
  expect(await hasNewerSchema(orm.em)).toBe(false);
  await test.query(`insert into ${MIGRATION_TABLE} (name) values ('9999-of-a-newer-version')`);
  expect(await hasNewerSchema(orm.em)).toBe(true);
  await expect(migrate(orm, test.url)).rejects.toBeInstanceOf(NewerSchema);
});

interface Column {
  readonly type: string;
  readonly nullable: boolean;
  readonly hasDefault: boolean;
  readonly primary: boolean;
}

it('make exactly the tables and columns that the entities describe', async () => {
  const { orm } = await open();
  await migrate(orm, test.url);
  const rows = await test.query<Column & { readonly key: string }>(`
    select c.relname || '.' || a.attname as key, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable,
      a.atthasdef or a.attidentity <> '' as "hasDefault", coalesce(a.attnum = any(i.indkey), false) as primary
    from pg_class c join pg_attribute a on a.attrelid = c.oid left join pg_index i on i.indrelid = c.oid and i.indisprimary
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> '${MIGRATION_TABLE}'
      and a.attnum > 0 and not a.attisdropped
    order by key`);
  const inDatabase = rows.map(({ key, ...column }): [string, Column] => [key, column]);
  const inEntities = [...orm.getMetadata().getAll().values()].flatMap(({ tableName, props }) =>
    props.map((property): [string, Column] => [
      `${tableName}.${property.fieldNames[0]}`,
      {
        type: SYNONYMS[property.columnTypes[0] ?? ''] ?? property.columnTypes[0] ?? '',
        nullable: property.nullable ?? false,
        hasDefault:
          property.default !== undefined || property.defaultRaw !== undefined || property.generated !== undefined,
        primary: property.primary ?? false,
      },
    ]),
  );
  expect(Object.fromEntries(inEntities)).toEqual(Object.fromEntries(inDatabase));
});
