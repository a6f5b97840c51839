// One suite for both stores of canonical events: the database's and the one in memory that other tests use.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KojiEventStore } from '../../src/app/ports.ts';
import type { Database } from '../../src/store/database.ts';
import { kojiEventStore } from '../../src/store/koji-event-store.ts';
import { createTestDatabase, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { MemoryKojiEventStore } from '../support/koji-event-store.ts';

let test: TestDatabase;
let database: Database;
beforeAll(async () => {
  test = await createTestDatabase();
  database = await openTestDatabase(test);
});
afterAll(async () => {
  await database.close();
  await test.drop();
});

describe.each<[string, () => KojiEventStore]>([
  ['PostgreSQL', () => kojiEventStore(database.em)],
  ['memory', () => new MemoryKojiEventStore()],
])('canonical events in %s', (_, make) => {
  it('are there from the first that was set, for that tag and way of inheriting alone', async () => {
    const store = make();
    const first = { profile: 'koji', tag: 'f43', inheritance: true, event: 1_700_000_000 };
    expect(await store.find('koji', 'f43', true)).toBeNull();
    expect(await store.replace(null, first)).toBe(true);
    expect(await store.find('koji', 'f43', true)).toEqual(first);
    expect(
      await Promise.all([
        store.find('koji', 'f43', false),
        store.find('koji', 'f44', true),
        store.find('stage', 'f43', true),
      ]),
    ).toEqual([null, null, null]);
  });

  it('are replaced only by whoever knew the one before', async () => {
    const store = make();
    const [one, two, three] = [1, 2, 3].map((event) => ({ profile: 'koji', tag: 'f44', inheritance: true, event }));
    if (!one || !two || !three) throw new Error('three were made');
    await store.replace(null, one);
    expect(await store.replace(null, two)).toBe(false);
    expect(await store.replace(one, two)).toBe(true);
    expect(await store.replace(one, three)).toBe(false);
    expect((await store.find('koji', 'f44', true))?.event).toBe(2);
  });

  it('let one of many win that come at once', async () => {
    const store = make();
    const won = await Promise.all(
      Array.from({ length: 20 }, (_each, index) =>
        store.replace(null, { profile: 'koji', tag: 'f45', inheritance: true, event: index + 1 }),
      ),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
  });
});
