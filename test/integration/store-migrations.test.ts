// Migrations on an empty database and on the data of a former version, and the entities against the schema.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import type { Orm } from '../../src/store/em.ts';
import { eventLog } from '../../src/store/event-log.ts';
import { instanceId, lastComposeId } from '../../src/store/instance.ts';
import { knownTargets } from '../../src/store/known-targets.ts';
import { kojiEventStore } from '../../src/store/koji-event-store.ts';
import { hasNewerSchema, isMigrated, migrate, MIGRATION_TABLE, NewerSchema } from '../../src/store/migrations.ts';
import { packageStore } from '../../src/store/package-store.ts';
import { progressStore } from '../../src/store/progress-store.ts';
import { workerRegistry } from '../../src/store/worker-registry.ts';
import { createEmptyDatabase, noQueue, type TestDatabase } from '../support/database.ts';
import { silentLogger } from '../support/logger.ts';

const LAST_OF_0_1_0 = '0010-target-dirs';
const ROWS_OF_0_1_0 = readFileSync(new URL('../support/schema-0010.sql', import.meta.url), 'utf8');

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

interface Column {
  readonly type: string;
  readonly nullable: boolean;
  readonly hasDefault: boolean;
  readonly primary: boolean;
}

async function columnsInDatabase(): Promise<Record<string, Column>> {
  const rows = await test.query<Column & { readonly key: string }>(`
    select c.relname || '.' || a.attname as key, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable,
      a.atthasdef or a.attidentity <> '' as "hasDefault", coalesce(a.attnum = any(i.indkey), false) as primary
    from pg_class c join pg_attribute a on a.attrelid = c.oid left join pg_index i on i.indrelid = c.oid and i.indisprimary
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> '${MIGRATION_TABLE}'
      and a.attnum > 0 and not a.attisdropped`);
  return Object.fromEntries(rows.map(({ key, ...column }) => [key, column]));
}

const SYNONYMS: Record<string, string> = { 'timestamptz(3)': 'timestamp(3) with time zone', int: 'integer' };

function columnsInEntities(orm: Orm): Record<string, Column> {
  const columns = [...orm.getMetadata().getAll().values()].flatMap(({ tableName, props }) =>
    props.map(({ fieldNames, columnTypes: [type = ''], ...property }): [string, Column] => [
      `${tableName}.${fieldNames[0]}`,
      {
        type: SYNONYMS[type] ?? type,
        nullable: property.nullable ?? false,
        hasDefault: (property.default ?? property.defaultRaw ?? property.generated) !== undefined,
        primary: property.primary ?? false,
      },
    ]),
  );
  return Object.fromEntries(columns);
}

describe('migrate', () => {
  it('applies each migration once, even if several processes start at the same time', async () => {
    const processes = await Promise.all([open(), open(), open(), open()]);
    const areMigrated = () => Promise.all(processes.map(({ em }) => isMigrated(em)));
    expect(await areMigrated()).toEqual([false, false, false, false]);
    await Promise.all(processes.map(({ orm }) => migrate(orm, test.url)));
    expect(await areMigrated()).toEqual([true, true, true, true]);
    expect(await test.query('select count(*)::int as count from instance')).toEqual([{ count: 1 }]);
  });

  it('keeps the data of a database that is up to date', async () => {
    const { orm, em } = await open();
    await migrate(orm, test.url);
    const id = await instanceId(em);
    expect(await lastComposeId(em)).toBe(0n);
    await test.query(`insert into worker (id, host, boot_id, pid) values ('${randomUUID()}', 'h', 'b', 1)`);
    await migrate(orm, test.url);
    expect(await instanceId(em)).toBe(id);
    expect(await test.query('select count(*)::int as count from worker')).toEqual([{ count: 1 }]);
  });

  it('rejects a database that a newer version has migrated', async () => {
    const { orm, em } = await open();
    await migrate(orm, test.url);
    expect(await hasNewerSchema(em)).toBe(false);
    await test.query(`insert into ${MIGRATION_TABLE} (name) values ('9999-of-a-newer-version')`);
    expect(await hasNewerSchema(em)).toBe(true);
    await expect(migrate(orm, test.url)).rejects.toBeInstanceOf(NewerSchema);
  });

  it('makes exactly the tables and columns that the entities describe', async () => {
    const { orm } = await open();
    await migrate(orm, test.url);
    expect(columnsInEntities(orm)).toEqual(await columnsInDatabase());
    await test.query('alter table worker add column extra text');
    expect(columnsInEntities(orm)).not.toEqual(await columnsInDatabase());
  });
});

describe('an upgrade from 0.1.0', () => {
  async function upgraded(): Promise<Database> {
    const database = await open();
    await database.orm.migrator.up({ to: LAST_OF_0_1_0 });
    await test.query(ROWS_OF_0_1_0);
    await migrate(database.orm, test.url);
    return database;
  }

  it('makes the schema that the entities describe', async () => {
    const { orm } = await upgraded();
    expect(columnsInEntities(orm)).toEqual(await columnsInDatabase());
  });

  it('serves every compose, with its events, progress, packages and pins', async () => {
    const database = await upgraded();
    const { em } = database;
    const store = composeStore(database, noQueue);
    const all = { filter: {}, orderBy: { field: 'ID', direction: 'ASC' }, limit: 10, backwards: false } as const;
    const { items } = await store.page(all, READ_ALL);
    expect(items.map(({ state, reuses }) => [state, reuses])).toEqual([
      ['WAIT', null],
      ['GENERATING', null],
      ['GENERATING', '2'],
      ['DONE', null],
      ['DONE', '4'],
      ['FAILED', null],
      ['REMOVED', null],
      ['DONE', null],
    ]);
    expect(items[0]).toMatchObject({
      owner: 'anonymous',
      source: { type: 'REPO', repo: '/srv/repo', packages: ['glibc'], revisions: null },
      sigkeys: ['', 'abcd'],
      submittedAt: new Date('2026-11-22T10:00:00.123Z'),
      doneAt: null,
    });
    expect(items[5]?.failure).toMatchObject({ code: 'ENGINE_FAILED' });
    expect(await eventLog(em).read({ after: 0n, limit: 100 }, READ_ALL)).toHaveLength(8);
    expect(await progressStore(em).findMany(['2'], READ_ALL)).toMatchObject([{ attempt: 1, percent: 42.5 }]);
    expect(await packageStore(em).counts(['4'], undefined, READ_ALL)).toEqual([1]);
    expect(await store.pinsOf(['4'], new Date(), READ_ALL)).toMatchObject([[{ name: 'a reason' }, { name: 'until' }]]);
  });

  it('keeps what chores and workers rely on', async () => {
    const database = await upgraded();
    const { em } = database;
    const store = composeStore(database, noQueue);
    const key = { owner: 'anonymous', mutation: 'createCompose', key: 'key' } as const;
    expect(await store.findByIdempotencyKey(key)).toEqual({ composeId: '1', digest: 'digest' });
    expect((await store.transaction((tx) => tx.findReusable('done')))?.id).toBe('4');
    expect(await store.due({ what: 'LATEST_LINKS', targetDirs: ['default'], limit: 10 })).toEqual(['4']);
    expect(await kojiEventStore(em).find('koji', 'f43', true)).toMatchObject({ event: 1234 });
    expect(await knownTargets(em).missingFor(1)).toContain('gone');
    const lost = await workerRegistry(em).reap(0);
    expect(lost).toEqual([{ composeId: '2', attempt: 1, cancelRequested: true }]);
    expect(await workerRegistry(em).orphanedProcessGroups('host')).toMatchObject([{ composeId: '2', pgid: 4712 }]);
  });
});
