// The migrations: on an empty database, by many at once, and as the entities expect the tables to be.

import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { instanceId, lastComposeId } from '../../src/store/instance.ts';
import { isMigrated, migrate } from '../../src/store/migrations.ts';
import { createEmptyDatabase, type TestDatabase } from '../support/database.ts';
import { silentLogger } from '../support/logger.ts';

const SYNONYMS: Record<string, string> = { 'timestamp(3) with time zone': 'timestamptz(3)', integer: 'int' };

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
  expect(await Promise.all(processes.map(({ orm }) => isMigrated(orm)))).toEqual([false, false, false, false]);
  await Promise.all(processes.map(({ orm }) => migrate(orm, test.url)));
  expect(await Promise.all(processes.map(({ orm }) => isMigrated(orm)))).toEqual([true, true, true, true]);
  expect(await test.query('select count(*)::int as count from instance')).toEqual([{ count: 1 }]);
});

it('leave data alone when they run again', async () => {
  const { orm, run } = await open();
  await migrate(orm, test.url);
  const id = await instanceId(run);
  expect(await lastComposeId(run)).toBe(0n);
  await test.query(`insert into worker (id, host, boot_id, pid) values ('${randomUUID()}', 'h', 'b', 1)`);
  await migrate(orm, test.url);
  expect(await instanceId(run)).toBe(id);
  expect(await test.query('select count(*)::int as count from worker')).toEqual([{ count: 1 }]);
});

it('make the tables and columns that the entities name, with their types', async () => {
  const { orm } = await open();
  await migrate(orm, test.url);
  const columns = await test.query<{ key: string; type: string; nullable: boolean }>(`
    select table_name || '.' || column_name as key, is_nullable = 'YES' as nullable,
      format_type(a.atttypid, a.atttypmod) as type
    from information_schema.columns c join pg_attribute a on a.attrelid = c.table_name::regclass and a.attname = c.column_name
    where table_schema = 'public'`);
  const found = new Map(columns.map((column) => [column.key, column]));
  const named = (type: string | undefined) => (type === undefined ? type : (SYNONYMS[type] ?? type));
  for (const entity of orm.getMetadata().getAll().values()) {
    for (const property of entity.props) {
      const key = `${entity.tableName}.${property.fieldNames[0]}`;
      const column = found.get(key);
      expect({ key, nullable: column?.nullable, type: named(column?.type) }).toEqual({
        key,
        nullable: property.nullable ?? false,
        type: named(property.columnTypes[0]),
      });
    }
  }
});
