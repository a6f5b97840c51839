// A page costs the same wherever it is and however many composes there are: what counts is how many blocks it reads.

import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ComposeFilter, ComposeOrderField, PageQuery } from '../../src/app/ports.ts';
import { pageRows, walkOf } from '../../src/store/compose-page.ts';
import type { Database } from '../../src/store/database.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';

const COMPOSES = 60_000;
let test: TestDatabase;
let database: Database;
beforeAll(async () => {
  test = await createTestDatabase();
  database = await openTestDatabase(test);
  await test.query(`
    insert into compose (owner, state, state_reason, source, source_key, seconds_to_live, arches, flags, results, sigkeys, multilib_arches,
      multilib_methods, lookaside_repos, compose_type, label, target_dir, parent_pungi_compose_ids, submitted_at, done_at, removed_at, expires_at)
    select 'owner' || n % 50,
      case when n > ${COMPOSES - 20} then 'WAIT' when n % 20 = 0 then 'FAILED' when n % 3 = 0 then 'DONE' else 'REMOVED' end,
      'r', jsonb_build_object('type', case when n % 10 = 0 then 'TAG' else 'REPO' end, 'repo', '/srv/' || n % 1000, 'packages', '[]'::jsonb),
      '/srv/' || n % 1000, 3600, '{x86_64}', '{}', '{REPOSITORY}', '{}', '{}', '{}', '{}', case when n % 500 = 0 then 'PRODUCTION' else 'TEST' end,
      case when n % 500 = 0 then 'RC-1.0' end, 'default', '{}',
      timestamptz '2026-01-01' + n * interval '1 minute',
      case when n <= ${COMPOSES - 20} then timestamptz '2026-01-01' + n * interval '1 minute' + interval '5 minutes' end,
      case when n % 3 <> 0 and n % 20 <> 0 then timestamptz '2026-01-02' + n * interval '1 minute' end,
      timestamptz '2026-01-03' + n * interval '1 minute'
    from generate_series(1, ${COMPOSES}) n`);
  await test.query('vacuum analyze compose');
}, 120_000);
afterAll(async () => {
  await database.close();
  await test.drop();
});

async function blocksOf(query: PageQuery): Promise<number> {
  const { shape, keys } = walkOf(query);
  const restriction = { filter: query.filter, policy: READ_ALL };
  const { sql, parameters } = pageRows(database.em.getKysely(), shape, keys, restriction).compile();
  const [row] = await test.query<{
    'QUERY PLAN': readonly { Plan: { 'Shared Hit Blocks': number; 'Shared Read Blocks': number } }[];
  }>(`explain (analyze, buffers, format json) ${sql}`, parameters);
  const plan = row?.['QUERY PLAN'][0]?.Plan;
  if (!plan) throw new Error('no plan');
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
}

const FIELDS: readonly ComposeOrderField[] = ['ID', 'SUBMITTED_AT', 'DONE_AT', 'REMOVED_AT', 'EXPIRES_AT'];
const MOST_BLOCKS = 60;

for (const field of FIELDS) {
  for (const direction of ['ASC', 'DESC'] as const) {
    it(`the first, a middle and the last page by ${field} ${direction}`, async () => {
      const base = { filter: {}, orderBy: { field, direction }, limit: 10 };
      const value = field === 'ID' ? '30000' : new Date(Date.UTC(2026, 0, 1) + 30_000 * 60_000).toISOString();
      expect(await blocksOf({ ...base, backwards: false })).toBeLessThan(MOST_BLOCKS);
      expect(await blocksOf({ ...base, backwards: true })).toBeLessThan(MOST_BLOCKS);
      expect(await blocksOf({ ...base, backwards: false, after: { value, id: '30000' } })).toBeLessThan(MOST_BLOCKS);
      expect(await blocksOf({ ...base, backwards: true, before: { value, id: '30000' } })).toBeLessThan(MOST_BLOCKS);
      // Among the rows that have no such time; by id there are none.
      const valueless = { value: field === 'ID' ? '59990' : null, id: '59990' };
      expect(await blocksOf({ ...base, backwards: false, after: valueless })).toBeLessThan(MOST_BLOCKS);
    });
  }
}

const FILTERS: readonly ComposeFilter[] = [
  { owners: ['owner7'] },
  { states: ['WAIT'] },
  { states: ['WAIT', 'GENERATING'] },
  { states: ['REMOVED'] },
  { states: ['DONE', 'FAILED'] },
  { owners: ['owner0'], states: ['WAIT'] },
  { owners: ['owner7'], states: ['DONE'] },
  { source: '/srv/77' },
  { source: '/srv/none' },
  { sourceTypes: ['TAG'] },
  { sourceTypes: ['PULP'] },
  { composeTypes: ['PRODUCTION'] },
  { label: 'RC-1.0' },
  { label: 'none' },
  { pungiComposeId: 'none' },
  { ids: ['1', '30000', '59999'] },
  { owners: ['nobody'] },
];

for (const filter of FILTERS) {
  it(`the first, a middle and the last page of ${JSON.stringify(filter)}`, async () => {
    const base = { filter, orderBy: { field: 'ID', direction: 'DESC' }, limit: 10 } as const;
    // Rows of one owner or source lie apart: each may be a block of its own.
    expect(await blocksOf({ ...base, backwards: false })).toBeLessThan(MOST_BLOCKS * 4);
    expect(await blocksOf({ ...base, backwards: true })).toBeLessThan(MOST_BLOCKS * 4);
    expect(await blocksOf({ ...base, backwards: false, after: { value: null, id: '30000' } })).toBeLessThan(
      MOST_BLOCKS * 4,
    );
  });
}

it('counts exactly up to 50,000, and estimates what is more', async () => {
  const store = composeStore(database, noQueue);
  expect(await store.count({ states: ['WAIT'] }, READ_ALL)).toEqual({ count: 20, isEstimate: false });
  const all = await store.count({}, READ_ALL);
  expect(all.isEstimate).toBe(true);
  expect(Math.abs(all.count - COMPOSES)).toBeLessThan(COMPOSES / 20);
});
