// Renewing and pinning as clients do it, over HTTP, on the real store.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { pinCompose, unpinCompose } from '../../src/app/pin-compose.ts';
import { renewCompose } from '../../src/app/renew-compose.ts';
import type { ComposeStore } from '../../src/app/ports.ts';
import type { Api } from '../../src/app/api.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { eventLog } from '../../src/store/event-log.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { startTestServer, type TestServer } from '../support/http.ts';
import { InMemoryApi } from '../support/in-memory-api.ts';
import { REQUEST_RULES } from '../support/request-rules.ts';

const now = new Date('2026-11-23T00:00:00.000Z');
let test: TestDatabase;
let database: Database;
let store: ComposeStore;
let server: TestServer;
let pinReads = 0;

beforeAll(async () => {
  test = await createTestDatabase();
  database = await openTestDatabase(test);
  store = composeStore(database, noQueue);
  const memory = new InMemoryApi();
  const changing = { store, clock: { now: () => now }, rules: { maxLosses: 3 } };
  const api: Api = {
    create: memory.create,
    cancel: memory.cancel,
    remove: memory.remove,
    diff: memory.diff,
    plan: memory.plan,
    renew: (viewer, input) => renewCompose({ ...changing, requestRules: REQUEST_RULES }, viewer, input),
    estimate: memory.estimate,
    pin: (viewer, input) => pinCompose(changing, viewer, input),
    unpin: (viewer, input) => unpinCompose(changing, viewer, input),
    store: { ...store, pinsOf: (ids, at) => ((pinReads += 1), store.pinsOf(ids, at, READ_ALL)) },
    events: eventLog(database.run),
    feed: memory.feed,
    progress: memory.progress,
    packages: memory.packages,
    results: memory.results,
    engines: memory.engines,
    cursors: memory.cursors,
    clock: changing.clock,
    settings: memory.settings,
  };
  server = await startTestServer(api);
});
afterAll(async () => {
  await server.stop();
  await database.close();
  await test.drop();
});

async function done(): Promise<string> {
  return store.transaction(async (tx) => {
    const inserted = await tx.insert(aCompose({ owner: 'ann' }), null);
    return (
      await tx.save(
        inserted,
        { ...inserted, state: 'DONE', doneAt: T0, expiresAt: now },
        { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null },
      )
    ).id;
  });
}

const RENEW =
  'mutation ($input: RenewComposeInput!) { renewCompose(input: $input) { regenerated compose { id state expiresAt respinOf } } }';
const PIN =
  'mutation ($input: PinComposeInput!) { pinCompose(input: $input) { pin { name owner expiresAt createdAt } compose { id pins { name } } } }';
const UNPIN = 'mutation ($input: UnpinComposeInput!) { unpinCompose(input: $input) { compose { pins { name } } } }';

it('renewCompose answers with the compose that it extended', async () => {
  const id = await done();
  const { data } = await server.query(RENEW, { input: { id, secondsToLive: 3_600 } });
  expect(data).toEqual({
    renewCompose: {
      regenerated: false,
      compose: { id, state: 'DONE', expiresAt: '2026-11-23T01:00:00.000Z', respinOf: null },
    },
  });
});

it('renewCompose names the field that is wrong, and refuses what there is not', async () => {
  const id = await done();
  const wrong = await server.query(RENEW, { input: { id, modules: ['m:1'], secondsToLive: -5 } });
  expect(wrong.errors?.[0]?.extensions).toMatchObject({
    code: 'BAD_USER_INPUT',
    retryable: false,
    fields: [{ path: 'input.secondsToLive' }, { path: 'input.modules' }],
  });
  for (const unknown of ['999999', 'x', '0', '99999999999999999999']) {
    expect((await server.query(RENEW, { input: { id: unknown } })).errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    expect((await server.query(PIN, { input: { id: unknown, name: 'x' } })).errors?.[0]?.extensions.code).toBe(
      'NOT_FOUND',
    );
    expect((await server.query(UNPIN, { input: { id: unknown, name: 'x' } })).errors?.[0]?.extensions.code).toBe(
      'NOT_FOUND',
    );
  }
});

it('pins are shown with the compose, events tell of them, and a page of composes reads them at once', async () => {
  const ids = [await done(), await done(), await done()];
  for (const id of ids) {
    const { data } = await server.query(PIN, { input: { id, name: `for ${id}`, secondsToLive: 60 } });
    expect(data).toEqual({
      pinCompose: {
        pin: {
          name: `for ${id}`,
          owner: 'anonymous',
          expiresAt: '2026-11-23T00:01:00.000Z',
          createdAt: now.toISOString(),
        },
        compose: { id, pins: [{ name: `for ${id}` }] },
      },
    });
  }
  pinReads = 0;
  const page = await server.query(
    'query ($ids: [ID!]) { composes(filter: { ids: $ids }, orderBy: { field: ID, direction: ASC }) { nodes { pins { name } events { nodes { kind seq reason } } } } }',
    { ids },
  );
  const nodes =
    (page.data?.['composes'] as { nodes: readonly { events: { nodes: readonly object[] } }[] } | undefined)?.nodes ??
    [];
  expect(nodes.map((node) => ({ ...node, events: node.events.nodes.at(-1) }))).toEqual(
    ids.map((id) => ({ pins: [{ name: `for ${id}` }], events: { kind: 'PINNED', seq: 3, reason: `for ${id}` } })),
  );
  expect(pinReads).toBe(1);
  const { data } = await server.query(UNPIN, { input: { id: ids[0], name: `for ${ids[0]}` } });
  expect(data).toEqual({ unpinCompose: { compose: { pins: [] } } });
});
