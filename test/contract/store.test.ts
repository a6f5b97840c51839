import { afterAll, beforeAll, expect, it } from 'vitest';
import { composeStore } from '../../src/store/compose-store.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';
import type { Database } from '../../src/store/database.ts';
import { aCompose } from '../support/composes.ts';

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

it('finds a compose as it was inserted', async () => {
  const store = composeStore(database, noQueue);
  const compose = await store.transaction((tx) => tx.insert(aCompose(), null));
  expect(await store.find(compose.id)).toEqual(compose);
});
