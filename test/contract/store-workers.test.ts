// Leases of workers, the process groups they leave, and chores that one process does at a time.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WorkerRegistry } from '../../src/app/ports.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { leadership } from '../../src/store/leadership.ts';
import { workerRegistry } from '../../src/store/worker-registry.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';

let test: TestDatabase;
let database: Database;
let registry: WorkerRegistry;
beforeAll(async () => {
  test = await createTestDatabase();
  database = await openTestDatabase(test);
  registry = workerRegistry(database.em);
});
afterAll(async () => {
  await database.close();
  await test.drop();
});

async function worker(): Promise<string> {
  const id = randomUUID();
  await registry.register({ id, host: 'here', bootId: 'boot', pid: 1, pools: ['default'], concurrency: 2 });
  return id;
}

async function heldBy(workerId: string): Promise<string> {
  return composeStore(database, noQueue).transaction(async (tx) => {
    const compose = await tx.insert(aCompose(), null);
    await tx.save(
      compose,
      { ...compose, state: 'GENERATING', attempt: 3, workerId },
      { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null },
    );
    return compose.id;
  });
}

async function silence(workerId: string): Promise<void> {
  await test.query("update worker set refreshed_at = refreshed_at - interval '7 s' where id = $1", [workerId]);
}

it('a worker that refreshes keeps what it holds, and is told what that is', async () => {
  const id = await worker();
  expect(await registry.refresh(id)).toEqual([]);
  const composeId = await heldBy(id);
  await silence(id);
  expect(await registry.refresh(id)).toEqual([{ composeId, attempt: 3, cancelRequested: false }]);
  expect(await registry.reap(6_000)).toEqual([]);
});

it('a worker that does not refresh loses what it holds, and learns of it', async () => {
  const id = await worker();
  const composeId = await heldBy(id);
  await silence(id);
  expect(await registry.reap(6_000)).toEqual([{ composeId, attempt: 3, cancelRequested: false }]);
  expect(await registry.refresh(id)).toBeNull();
  // Until somebody takes it back, also when the one that reaped it died in between.
  expect(await registry.reap(6_000)).toEqual([{ composeId, attempt: 3, cancelRequested: false }]);
  await test.query("update compose set state = 'FAILED', worker_id = null where id = $1", [composeId]);
  expect(await registry.reap(6_000)).toEqual([]);
});

it('what a worker that signed off still holds is taken back', async () => {
  const id = await worker();
  const composeId = await heldBy(id);
  await registry.retire(id);
  expect((await registry.reap(6_000)).map((claim) => claim.composeId)).toEqual([composeId]);
  await test.query("update compose set state = 'FAILED', worker_id = null where id = $1", [composeId]);
});

it('process groups are orphans of their host once nobody living holds their attempt', async () => {
  const id = await worker();
  const composeId = await heldBy(id);
  const group = { pgid: 4711, startTime: '123456', bootId: 'boot', host: 'here' };
  await registry.registerProcessGroup({ composeId, attempt: 3 }, group);
  await registry.registerProcessGroup({ composeId, attempt: 3 }, group);
  expect(await registry.orphanedProcessGroups('here')).toEqual([]);
  await registry.retire(id);
  expect(await registry.orphanedProcessGroups('elsewhere')).toEqual([]);
  expect(await registry.orphanedProcessGroups('here')).toEqual([{ composeId, attempt: 3, ...group }]);
  await registry.forgetProcessGroups({ composeId, attempt: 3 });
  expect(await registry.orphanedProcessGroups('here')).toEqual([]);
});

it('a chore is done by one at a time, and another one beside it', async () => {
  const { whenLeader, stop } = leadership(database);
  const busy = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const first = whenLeader('sweep', async () => {
    begun.resolve();
    await busy.promise;
    return 'done';
  });
  await begun.promise;
  expect(await whenLeader('sweep', async () => 'too')).toBeNull();
  expect(await whenLeader('other', async () => 'too')).toBe('too');
  busy.resolve();
  expect(await first).toBe('done');
  expect(await whenLeader('sweep', async () => 'next')).toBe('next');
  await stop();
});

it('chores that are led at the same time take no connection of those that they work with', async () => {
  const narrow = await openTestDatabase(test, 1);
  const { whenLeader, stop } = leadership(narrow);
  const all = await Promise.all(
    ['a', 'b', 'c', 'd'].map((chore) =>
      whenLeader(chore, () => narrow.transaction((em) => em.execute('select 1 as one'))),
    ),
  );
  expect(all.flat()).toEqual([{ one: 1 }, { one: 1 }, { one: 1 }, { one: 1 }]);
  await stop();
  await narrow.close();
});
