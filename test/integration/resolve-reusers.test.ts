// What those who share a result are told when the one that generates it will not finish.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { changeCompose } from '../../src/app/change-compose.ts';
import type { ComposeStore } from '../../src/app/ports.ts';
import { resolveReusers } from '../../src/app/resolve-reusers.ts';
import { reuseResult } from '../../src/app/reuse-result.ts';
import type { LifecycleEvent } from '../../src/compose/lifecycle-event.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { eventLog } from '../../src/store/event-log.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';

const RULES = { maxLosses: 3 };
const clock = { now: () => T0 };
let test: TestDatabase;
let database: Database;
let store: ComposeStore;

beforeAll(async () => {
  test = await createTestDatabase();
  database = await openTestDatabase(test);
  store = composeStore(database, noQueue);
});
afterAll(async () => {
  await database.close();
  await test.drop();
});

async function apply(id: string, event: LifecycleEvent, digest?: string): Promise<void> {
  await store.transaction(async (tx) => {
    const locked = await tx.lock(id);
    if (locked)
      await changeCompose(tx, locked, { event, by: 'ann', ...(digest !== undefined && { patch: { digest } }) }, RULES);
  });
}

async function share(digest: string): Promise<string> {
  return store.transaction(async (tx) => {
    const compose = await tx.insert(aCompose(), null);
    await reuseResult({ clock, rules: RULES }, tx, compose, digest);
    return compose.id;
  });
}

it('every sharer is told by an event whose result it shares from now on', async () => {
  const { id: root } = await store.transaction((tx) => tx.insert(aCompose(), null));
  await apply(root, { type: 'BEGIN', at: T0, workerId: '00000000-0000-4000-8000-000000000001' }, 'same');
  const [heir, ...others] = [await share('same'), await share('same'), await share('same')];
  await apply(root, { type: 'REQUEST_CANCEL', at: T0, by: 'ann', reason: null });
  await apply(root, { type: 'CANCELED', at: T0, attempt: 1 });
  const before = await eventLog(database.run).head();
  await resolveReusers({ store, clock, rules: RULES }, root);
  const told = await eventLog(database.run).read({ after: before, limit: 100 }, READ_ALL);
  expect(
    told.map(({ event, compose }) => ({
      id: compose.id,
      kind: event.kind,
      to: event.to,
      reason: event.reason,
      reuses: event.snapshot.reuses,
    })),
  ).toEqual([
    { id: heir, kind: 'STATE_CHANGED', to: 'WAIT', reason: `Compose ${root} was not finished`, reuses: null },
    ...others.map((id) => ({
      id,
      kind: 'SHARING_CHANGED',
      to: null,
      reason: `Compose ${root} was not finished`,
      reuses: heir,
    })),
  ]);
  // What is told is what is there.
  for (const { compose } of told) expect(await store.find(compose.id, READ_ALL)).toEqual({ ...compose });
});
