// The queue: jobs come and go with the transaction, one per compose, in fair order, and again when they failed.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ComposeStore, Job } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { PgBossQueue } from '../../src/queue/work-queue.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createEmptyDatabase, createTestDatabase, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { silentLogger } from '../support/logger.ts';

let test: TestDatabase;
let database: Database;
let queue: PgBossQueue;
let store: ComposeStore;
beforeEach(async () => {
  test = await createTestDatabase();
  database = await openTestDatabase(test);
  queue = aQueue();
  await queue.start();
  store = composeStore(database, queue);
});
afterEach(async () => {
  await queue.stop();
  await database.close();
  await test.drop();
});

function aQueue(): PgBossQueue {
  return new PgBossQueue({ url: test.url, logger: silentLogger, run: database.run, transaction: database.transaction });
}

async function create(owner = 'anonymous', overrides: Partial<Compose> = {}): Promise<Compose> {
  return store.transaction(async (tx) => {
    const compose = await tx.insert(aCompose({ owner, ...overrides }), null);
    await tx.enqueue(compose, 'generate');
    return compose;
  });
}

async function change(id: string, next: Partial<Compose>, enqueue = false): Promise<void> {
  await store.transaction(async (tx) => {
    const compose = await tx.lock(id);
    if (!compose) throw new Error('not found');
    const saved = await tx.save(
      compose,
      { ...compose, ...next },
      { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null },
    );
    if (enqueue) await tx.enqueue(saved, 'generate');
  });
}

async function openJobs(): Promise<readonly { key: string; state: string }[]> {
  return test.query(
    "select singleton_key as key, state::text from pgboss.job where name = 'generate' and state <= 'active' order by singleton_key::bigint",
  );
}

/** Works with one slot; answers composes in the order in which they were handed over. */
function worker(count: number): {
  readonly order: string[];
  readonly all: Promise<void>;
  handle(job: Job): Promise<void>;
} {
  const order: string[] = [];
  const { promise: all, resolve } = Promise.withResolvers<void>();
  return {
    order,
    all,
    async handle(job) {
      order.push(job.composeId);
      await change(job.composeId, { state: 'GENERATING', attempt: 1 });
      if (order.length === count) resolve();
    },
  };
}

it('a job goes with the transaction that was rolled back', async () => {
  await expect(
    store.transaction(async (tx) => {
      await tx.enqueue(await tx.insert(aCompose(), null), 'generate');
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  expect(await openJobs()).toEqual([]);
  const { id } = await create();
  expect(await openJobs()).toEqual([{ key: id, state: 'created' }]);
});

it('a job is handed over at once', async () => {
  const times: number[] = [];
  const started = new Map<string, number>();
  const handed = new Map<string, PromiseWithResolvers<void>>();
  await queue.work('generate', 2, async ({ composeId }) => {
    times.push(performance.now() - (started.get(composeId) ?? 0));
    handed.get(composeId)?.resolve();
  });
  for (let index = 0; index < 40; index += 1) {
    const compose = await store.transaction(async (tx) => {
      const inserted = await tx.insert(aCompose(), null);
      handed.set(inserted.id, Promise.withResolvers());
      await tx.enqueue(inserted, 'generate');
      started.set(inserted.id, performance.now());
      return inserted;
    });
    await handed.get(compose.id)?.promise;
  }
  const [median = 0] = times.toSorted((a, b) => a - b).slice(20);
  process.stdout.write(`create to hand-over: p50 ${median.toFixed(1)} ms\n`);
  expect(median).toBeLessThan(50);
});

it('a backlog is worked off without a pause between jobs', async () => {
  const count = 30;
  for (let index = 0; index < count; index += 1) await create();
  const work = worker(count);
  const startedAt = performance.now();
  await queue.work('generate', 1, work.handle);
  await work.all;
  // Each pause would be a second.
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});

describe('a compose has at most one open job', () => {
  it('also when it is sent again, which keeps its turn', async () => {
    const [first, second] = [await create('a'), await create('a')];
    await change(first.id, { stateReason: 'again' }, true);
    expect(await openJobs()).toEqual([
      { key: first.id, state: 'created' },
      { key: second.id, state: 'created' },
    ]);
    expect(await store.queuePositions([second.id, '999', first.id], READ_ALL)).toEqual([2, null, 1]);
  });

  it('also when it is sent twice before anything has happened to it, as by a job that is delivered twice', async () => {
    const compose = await create();
    await store.transaction((tx) => tx.enqueue(compose, 'generate'));
    expect(await openJobs()).toEqual([{ key: compose.id, state: 'created' }]);
  });

  it('also when a worker that was lost holds it: the new one replaces it', async () => {
    const { id } = await create();
    const taken = Promise.withResolvers<void>();
    const hang = Promise.withResolvers<void>();
    const lost = aQueue();
    await lost.start();
    await lost.work('generate', 1, async () => {
      taken.resolve();
      await hang.promise;
    });
    await taken.promise;
    await lost.stopWorking();
    await change(id, { state: 'GENERATING', attempt: 1 });
    await change(id, { state: 'WAIT' }, true);
    expect(await openJobs()).toEqual([{ key: id, state: 'created' }]);
    const work = worker(1);
    await queue.work('generate', 1, work.handle);
    await work.all;
    expect(work.order).toEqual([id]);
    // What the lost one makes of it later changes nothing.
    hang.resolve();
    await lost.stop();
  });
});

it("somebody's first request waits for at most one of another's hundreds", async () => {
  for (let index = 0; index < 100; index += 1) await create('busy');
  const work = worker(101);
  const late = Promise.withResolvers<string>();
  let served = 0;
  await queue.work('generate', 1, async (job) => {
    served += 1;
    if (served === 40) late.resolve((await create('late')).id);
    await work.handle(job);
  });
  await work.all;
  expect(work.order.indexOf(await late.promise)).toBeLessThanOrEqual(41);
});

it('an owner who was idle cannot save up a lead', async () => {
  for (let index = 0; index < 20; index += 1) await create('busy');
  const early = worker(20);
  await queue.work('generate', 1, early.handle);
  await early.all;
  await queue.stopWorking();
  await expect
    .poll(
      async () => (await test.query<{ virtual_time: number }>('select virtual_time from queue_lane'))[0]?.virtual_time,
    )
    .toBe(20);
  const owners = new Map<string, string>();
  for (let index = 0; index < 10; index += 1)
    for (const owner of ['idle', 'busy']) owners.set((await create(owner)).id, owner);
  const work = worker(20);
  await queue.work('generate', 1, work.handle);
  await work.all;
  const firstTen = work.order.slice(0, 10).map((id) => owners.get(id));
  expect(firstTen.filter((owner) => owner === 'busy').length).toBeGreaterThanOrEqual(4);
});

it('composes that one transaction made have a turn each, in their order', async () => {
  await create('ann');
  const [first, second, third] = await store.transaction(async (tx) => {
    const composes = [];
    for (let n = 0; n < 3; n += 1) composes.push(await tx.insert(aCompose({ owner: 'ann' }), null));
    for (const compose of composes) await tx.enqueue(compose, 'generate');
    return composes.map(({ id }) => id);
  });
  const others: string[] = [];
  for (let n = 0; n < 3; n += 1) others.push((await create('bob')).id);
  const rows = await test.query<{ key: string }>(
    "select singleton_key as key from pgboss.job where name = 'generate' order by priority desc, created_on, singleton_key::bigint offset 1",
  );
  // Of equal turns the one that was sent first comes first.
  expect(rows.map(({ key }) => key)).toEqual([others[0], first, others[1], second, others[2], third]);
  const turns = await test.query<{ turn: number }>(
    'select -priority as turn from pgboss.job where singleton_key = any($1) order by singleton_key::bigint',
    [[first, second, third]],
  );
  expect(turns.map(({ turn }) => turn)).toEqual([2, 3, 4]);
});

it('a job is handed over again within 5 s, however often it was not done', async () => {
  await create();
  await test.query('update pgboss.job set retry_count = 20');
  await queue.work('generate', 1, () => Promise.reject(new Error('no')));
  const pause = async () =>
    (
      await test.query<{ seconds: number }>(
        "select extract(epoch from start_after - now())::float8 as seconds from pgboss.job where state = 'retry'",
      )
    )[0]?.seconds;
  await expect.poll(pause, { timeout: 10_000 }).toBeGreaterThan(0);
  expect(await pause()).toBeLessThanOrEqual(5);
});

it('a job whose handler rejects is handed over again', async () => {
  const { id } = await create();
  const again = Promise.withResolvers<void>();
  let times = 0;
  await queue.work('generate', 1, async ({ composeId }) => {
    expect(composeId).toBe(id);
    times += 1;
    if (times === 1) throw new Error('the database was away');
    again.resolve();
  });
  await again.promise;
  await expect.poll(openJobs).toEqual([]);
});

it('stopping the work leaves what is under way, and takes nothing more', async () => {
  const [first] = [await create(), await create()];
  const [taken, finish, finished] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ];
  const order: string[] = [];
  await queue.work('generate', 1, async ({ composeId }) => {
    order.push(composeId);
    taken.resolve();
    await finish.promise;
    finished.resolve();
  });
  await taken.promise;
  await queue.stopWorking();
  finish.resolve();
  await finished.promise;
  await expect.poll(async () => (await openJobs()).map(({ state }) => state)).toEqual(['created']);
  expect(order).toEqual([first?.id]);
});

describe('reconciling', () => {
  it('sends the jobs of composes that wait and have none, once', async () => {
    const [kept, lost] = [await create(), await create('anonymous', { flags: ['NO_REUSE'] })];
    await test.query("delete from pgboss.job where name = 'generate' and singleton_key = $1", [lost.id]);
    expect(await Promise.all([queue.reconcile(), queue.reconcile()])).toContainEqual({ sent: 1, dropped: 0 });
    expect((await openJobs()).map(({ key }) => key)).toEqual([kept.id, lost.id]);
    expect(await queue.reconcile()).toEqual({ sent: 0, dropped: 0 });
  });

  it('sends them to the lane that they were for', async () => {
    const lanes = new Map([
      ['nobody has looked whether there is a result to share', { id: (await create()).id, lane: 'prepare' }],
      ['it shares with nobody', { id: (await create('ann', { flags: ['NO_REUSE'] })).id, lane: 'generate' }],
      [
        'no engine is needed',
        {
          id: (
            await create('ann', {
              source: { type: 'PULP', contentSets: [], resolvedContentSets: null },
              flags: ['NO_REUSE'],
            })
          ).id,
          lane: 'prepare',
        },
      ],
    ]);
    await test.query('delete from pgboss.job');
    await queue.reconcile();
    const sent = await test.query<{ name: string; id: string }>('select name, singleton_key as id from pgboss.job');
    for (const [why, { id, lane }] of lanes) expect(sent.find((job) => job.id === id)?.name, why).toBe(lane);
  });

  it('drops the jobs of composes that have ended', async () => {
    const [canceled, waiting] = [await create(), await create()];
    await change(canceled.id, { state: 'FAILED' });
    expect(await queue.reconcile()).toEqual({ sent: 0, dropped: 1 });
    expect((await openJobs()).map(({ key }) => key)).toEqual([waiting.id]);
  });
});

it('keeps the limits that never decide about a compose', async () => {
  await create();
  const [job] = await test.query(`
    select expire_seconds, retry_limit, heartbeat_seconds, policy, keep_until > now() + interval '364 days' as kept from pgboss.job where name = 'generate'`);
  expect(job).toEqual({
    expire_seconds: 86_400,
    retry_limit: 1_000,
    heartbeat_seconds: 10,
    policy: 'exclusive',
    kept: true,
  });
});

it('is set up once, however many processes start on an empty database', async () => {
  const empty = await createEmptyDatabase();
  const queues = Array.from(
    { length: 4 },
    () =>
      new PgBossQueue({ url: empty.url, logger: silentLogger, run: database.run, transaction: database.transaction }),
  );
  await Promise.all(queues.map((one) => one.start()));
  expect(await empty.query("select count(*)::int as count from pgboss.queue where name = 'generate'")).toEqual([
    { count: 1 },
  ]);
  await Promise.all(queues.map((one) => one.stop()));
  await empty.drop();
});
