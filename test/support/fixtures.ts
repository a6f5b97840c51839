// Fixtures of tests that need a PostgreSQL. They are made on first use, once per test file.

import { test } from 'vitest';
import { composeStore } from '../../src/store/compose-store.ts';
import { createTestDatabase, noQueue, openTestDatabase } from './database.ts';

/** `server`: a database of this file's own. `database`: its connections. `store`: composes in it, whose jobs go nowhere. */
export const databaseTest = test
  .extend('server', { scope: 'file' }, async ({}, { onCleanup }) => {
    const server = await createTestDatabase();
    onCleanup(() => server.drop());
    return server;
  })
  .extend('database', { scope: 'file' }, async ({ server }, { onCleanup }) => {
    const database = await openTestDatabase(server);
    onCleanup(() => database.close());
    return database;
  })
  .extend('store', { scope: 'file' }, ({ database }) => composeStore(database, noQueue));
