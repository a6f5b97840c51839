// What lists of composes rely on: keyset pages in every order and direction, filters, and counts.

import { describe, expect } from 'vitest';
import type { ComposeFilter, ComposeOrderField, ComposeStore, PageKey } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { T0 } from '../support/composes.ts';
import { databaseTest } from '../support/fixtures.ts';
import { IMPOSSIBLE_IDS, inserted, storedCompose } from '../support/stored-compose.ts';

const COMPOSES = 23;
const OWNER = 'lister';
const FILTER = { owners: [OWNER] };
const FIELDS: readonly ComposeOrderField[] = ['ID', 'SUBMITTED_AT', 'DONE_AT', 'REMOVED_AT', 'EXPIRES_AT'];
const DIRECTIONS = ['ASC', 'DESC'] as const;

/** `all`: composes of one owner with equal and missing times; another owner has one as well. */
const it = databaseTest.extend('all', { scope: 'file' }, async ({ store }) => {
  await inserted(store, { owner: 'another' });
  const all: Compose[] = [];
  for (let index = 0; index < COMPOSES; index += 1) all.push(await listed(store, index));
  return all;
});

function listed(store: ComposeStore, index: number): Promise<Compose> {
  const time = (offset: number) => new Date(T0.getTime() + ((index * 7 + offset) % 5) * 1000);
  return storedCompose(store, {
    owner: OWNER,
    submittedAt: time(0),
    expiresAt: time(1),
    label: index % 3 === 0 ? 'RC-1.0' : null,
    doneAt: index % 2 ? time(2) : null,
    removedAt: index % 4 === 1 ? time(3) : null,
    state: index % 2 ? 'DONE' : 'WAIT',
  });
}

function keyOf(compose: Compose, field: ComposeOrderField): PageKey {
  const times = {
    SUBMITTED_AT: compose.submittedAt,
    DONE_AT: compose.doneAt,
    REMOVED_AT: compose.removedAt,
    EXPIRES_AT: compose.expiresAt,
  };
  return { value: field === 'ID' ? compose.id : (times[field]?.toISOString() ?? null), id: compose.id };
}

/** NULL is the largest value; ties are broken by id. */
function sorted(all: readonly Compose[], field: ComposeOrderField, direction: 'ASC' | 'DESC'): readonly string[] {
  const rank = (compose: Compose) => (field === 'ID' ? '' : (keyOf(compose, field).value ?? '~'));
  const ascending = all.toSorted((a, b) =>
    rank(a) === rank(b) ? Number(a.id) - Number(b.id) : rank(a) < rank(b) ? -1 : 1,
  );
  return (direction === 'ASC' ? ascending : ascending.toReversed()).map(({ id }) => id);
}

describe.for(FIELDS)('pages by %s', (field) => {
  for (const direction of DIRECTIONS) {
    for (const backwards of [false, true]) {
      it(`have every compose once and in order, ${direction} and ${backwards ? 'backwards' : 'forwards'}`, async ({
        store,
        all,
      }) => {
        const seen: Compose[] = [];
        for (let pages = 0; pages < COMPOSES; pages += 1) {
          const edge = backwards ? seen[0] : seen.at(-1);
          const key = edge && { [backwards ? 'before' : 'after']: keyOf(edge, field) };
          const query = { filter: FILTER, orderBy: { field, direction }, limit: 4, backwards, ...key };
          const page = await store.page(query, READ_ALL);
          seen.splice(backwards ? 0 : seen.length, 0, ...page.items);
          expect(backwards ? page.hasNextPage : page.hasPreviousPage).toBe(edge !== undefined);
          if (!(backwards ? page.hasPreviousPage : page.hasNextPage)) break;
        }
        expect(seen.map(({ id }) => id)).toEqual(sorted(all, field, direction));
      });
    }
  }

  it('lie between two keys', async ({ store, all }) => {
    const order = sorted(all, field, 'ASC');
    const key = (index: number) => keyOf(all.find(({ id }) => id === order[index]) as Compose, field);
    for (const [from, to] of [
      [2, 6],
      [5, 20],
      [15, 22],
    ] as const) {
      const query = { filter: FILTER, orderBy: { field, direction: 'ASC' }, limit: 50, backwards: false } as const;
      const page = await store.page({ ...query, after: key(from), before: key(to) }, READ_ALL);
      expect(page.items.map(({ id }) => id)).toEqual(order.slice(from + 1, to));
    }
  });
});

describe('a filter', () => {
  it.for<[ComposeFilter, (compose: Compose) => boolean]>([
    [{ states: ['DONE'] }, ({ state }) => state === 'DONE'],
    [{ states: ['DONE', 'WAIT'] }, () => true],
    [{ states: [] }, () => false],
    [{ label: 'RC-1.0' }, ({ label }) => label === 'RC-1.0'],
    [{ ids: IMPOSSIBLE_IDS }, () => false],
    [{ source: '/srv/repo', sourceTypes: ['REPO'], composeTypes: ['TEST'] }, () => true],
    [{ source: '/srv/rep' }, () => false],
    [{ sourceTypes: ['TAG', 'PULP'] }, () => false],
    [{ pungiComposeId: 'none' }, () => false],
    [{ submittedAfter: T0 }, ({ submittedAt }) => submittedAt > T0],
    [
      { submittedBefore: new Date(T0.getTime() + 2000) },
      ({ submittedAt }) => submittedAt.getTime() < T0.getTime() + 2000,
    ],
  ])('%j selects the same composes for pages and counts', async ([more, holds], { store, all }) => {
    const filter = { ...FILTER, ...more };
    const query = { filter, orderBy: { field: 'ID', direction: 'ASC' }, limit: 100, backwards: false } as const;
    const expected = all.filter(holds).map(({ id }) => id);
    expect((await store.page(query, READ_ALL)).items.map(({ id }) => id)).toEqual(expected);
    expect(await store.count(filter, READ_ALL)).toEqual({ count: expected.length, isEstimate: false });
  });

  it('selects composes by id', async ({ store, all }) => {
    const ids = all.slice(3, 6).map(({ id }) => id);
    const query = { orderBy: { field: 'ID', direction: 'ASC' }, limit: 100, backwards: false } as const;
    const page = await store.page({ ...query, filter: { ids: [...ids, ...IMPOSSIBLE_IDS] } }, READ_ALL);
    expect(page.items.map(({ id }) => id)).toEqual(ids);
  });
});
