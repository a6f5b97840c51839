// Removing what several share, on a real PostgreSQL: the files stay until the last of them goes, and then go with it.

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { ComposeStore } from '../../src/app/ports.ts';
import { finishRemovals } from '../../src/app/finish-removals.ts';
import { removeCompose } from '../../src/app/remove-compose.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { silentLogger } from '../support/logger.ts';
import { aViewer } from '../support/request-rules.ts';

const ann = aViewer('ann');
let test: TestDatabase;
let database: Database;
let store: ComposeStore;
let removed: string[] = [];
let isReachable = true;

beforeAll(async () => {
  test = await createTestDatabase();
  database = await openTestDatabase(test);
  store = composeStore(database, noQueue);
});
afterAll(async () => {
  await database.close();
  await test.drop();
});
beforeEach(() => {
  removed = [];
  isReachable = true;
});

function deps() {
  const results = {
    trashCompose: async ({ id }: Compose) => {
      if (!isReachable) throw new Error('not mounted here');
      removed.push(id);
    },
    latestComposeIds: async () => new Set<string>(),
    reachableTargets: async () => ['default'],
  };
  return {
    store,
    results,
    clock: { now: () => new Date(T0.getTime() + 60_000) },
    logger: silentLogger,
    rules: { maxLosses: 3, maxHandBacks: 3 },
    maxWaitSeconds: 1e6,
  };
}

async function done(reuses: string | null = null): Promise<string> {
  return store.transaction(async (tx) => {
    const inserted = await tx.insert(aCompose({ owner: 'ann' }), null);
    const next = {
      ...inserted,
      state: 'DONE',
      doneAt: T0,
      expiresAt: new Date(T0.getTime() + 10_000_000),
      reuses,
    } as const;
    return (await tx.save(inserted, next, { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null })).id;
  });
}

async function remove(id: string): Promise<string> {
  const outcome = await removeCompose(deps(), ann, { id, reason: null });
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal));
  return outcome.value.state;
}

it('all at once, its root first or last or among them: the files go, once', async () => {
  for (let round = 0; round < 5; round += 1) {
    removed = [];
    const root = await done();
    const sharers = await Promise.all(Array.from({ length: 8 }, () => done(root)));
    expect(await Promise.all([...sharers.slice(round), root, ...sharers.slice(0, round)].map(remove))).toEqual(
      Array<string>(9).fill('REMOVED'),
    );
    expect(removed.filter((id) => id === root)).toEqual([root]);
    expect(removed.filter((id) => id !== root).toSorted()).toEqual(sharers.toSorted());
  }
});

it('a root that is numbered after those that share it, too', async () => {
  const sharer = await done();
  const root = await done();
  await test.query('update compose set reuses = $1 where id = $2', [root, sharer]);
  await Promise.all([remove(root), remove(sharer)]);
  expect(removed.toSorted()).toEqual([sharer, root].toSorted());
});

it('files that could not go then go when they can be reached, and no removal is told of twice', async () => {
  const root = await done();
  const sharer = await done(root);
  expect(await remove(root)).toBe('REMOVED');
  expect(removed).toEqual([]);
  isReachable = false;
  expect(await remove(sharer)).toBe('DONE');
  isReachable = true;
  await test.query('update compose set removing_at = $1 where id = $2', [new Date(T0.getTime() - 3_600_000), sharer]);
  await Promise.all([finishRemovals(deps()), finishRemovals(deps()), remove(sharer)]);
  expect(removed.toSorted()).toEqual([root, sharer].toSorted());
  const events = await test.query("select to_state from compose_event where compose_id = $1 and to_state = 'REMOVED'", [
    sharer,
  ]);
  expect(events).toHaveLength(1);
});
