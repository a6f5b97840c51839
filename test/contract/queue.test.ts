// The queue: jobs come and go with the transaction, one per compose, in fair order, and again when they failed.

import { PgBoss } from 'pg-boss';
import { describe, expect } from 'vitest';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { jobId } from '../../src/queue/job-id.ts';
import { PgBossQueue } from '../../src/queue/work-queue.ts';
import { openDatabase } from '../../src/store/database.ts';
import { migrate } from '../../src/store/migrations.ts';
import { aCompose } from '../support/composes.ts';
import { createEmptyDatabase } from '../support/database.ts';
import { silentLogger } from '../support/logger.ts';
import { it, jobsOf, loseJobs } from '../support/queue-fixture.ts';

describe('sending', () => {
  it('happens with the transaction, and not when it is rolled back', async ({ process, openJobs }) => {
    const failing = process.store.transaction(async (tx) => {
      await tx.enqueue(await tx.insert(aCompose(), null), 'generate');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await openJobs()).toEqual([]);
    const { id } = await process.create();
    expect(await openJobs()).toEqual([{ id, state: 'created' }]);
  });

  it('hands a job over at once', async ({ process: { queue, store } }) => {
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
    console.log(`create to hand-over: p50 ${median.toFixed(1)} ms`);
    expect(median).toBeLessThan(50);
  });

  it('leaves no pause between the jobs of a backlog', async ({ process }) => {
    const count = 30;
    for (let index = 0; index < count; index += 1) await process.create();
    const startedAt = performance.now();
    const taken = await process.serve();
    await expect.poll(() => taken.length).toBe(count);
    // Each pause would be a second.
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('gives each send of a compose a job id of its own, a valid UUID', () => {
    const ids = ['1', '2', '9007199254740993'].flatMap((id) => [1, 2, 300].map((send) => jobId(id, send)));
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(jobId('42', 1)).toBe('00000000-0001-8000-8000-00000000002a');
  });
});

describe('the single job of a compose', () => {
  it('is replaced when it is sent again, at the same position', async ({ process, openJobs }) => {
    const [first, second] = [await process.create({ owner: 'a' }), await process.create({ owner: 'a' })];
    await process.change(first.id, { stateReason: 'again' }, 'generate');
    expect(await openJobs()).toEqual([
      { id: first.id, state: 'created' },
      { id: second.id, state: 'created' },
    ]);
    expect(await process.store.queuePositions([second.id, '999', first.id], READ_ALL)).toEqual([2, null, 1]);
  });

  it('is one even if it was sent twice before anything happened', async ({ process, openJobs }) => {
    const compose = await process.create();
    await process.store.transaction((tx) => tx.enqueue(compose, 'generate'));
    expect(await openJobs()).toEqual([{ id: compose.id, state: 'created' }]);
  });

  it('moves with the compose to the other lane', async ({ process, openJobs }) => {
    const { id } = await process.create({}, 'prepare');
    await process.change(id, { stateReason: 'prepared' }, 'generate');
    expect([await openJobs('prepare'), await openJobs()]).toEqual([[], [{ id, state: 'created' }]]);
  });

  it('is replaced when a lost worker holds it', async ({ process, aProcess, openJobs }) => {
    const { id } = await process.create();
    const [taken, hang] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const { queue: lost } = await aProcess();
    await lost.work('generate', 1, async () => {
      taken.resolve();
      await hang.promise;
    });
    await taken.promise;
    await lost.stopWorking();
    await process.change(id, { state: 'GENERATING', attempt: 1 });
    await process.change(id, { state: 'WAIT' }, 'generate');
    expect(await openJobs()).toEqual([{ id, state: 'created' }]);
    const served = await process.serve();
    await expect.poll(() => served).toEqual([id]);
    // The lost worker's end changes nothing.
    hang.resolve();
    await lost.stop();
  });

  it('aborts the signal of its handler when it is taken away', async ({ process, boss }) => {
    const { id } = await process.create();
    const aborted = Promise.withResolvers<void>();
    const taken = Promise.withResolvers<void>();
    await process.queue.work('generate', 1, ({ signal }) => {
      taken.resolve();
      signal.addEventListener('abort', () => aborted.resolve());
      return aborted.promise;
    });
    await taken.promise;
    await loseJobs(boss, 'generate', [id]);
    await aborted.promise;
  });
});

describe('fair shares', () => {
  it("let one owner's first request wait for at most one of another's hundred", async ({ process }) => {
    for (let index = 0; index < 100; index += 1) await process.create({ owner: 'busy' });
    const order: string[] = [];
    const late = Promise.withResolvers<string>();
    await process.queue.work('generate', 1, async ({ composeId }) => {
      order.push(composeId);
      if (order.length === 40) late.resolve((await process.create({ owner: 'late' })).id);
      await process.change(composeId, { state: 'GENERATING', attempt: 1 });
    });
    await expect.poll(() => order.length).toBe(101);
    expect(order.indexOf(await late.promise)).toBeLessThanOrEqual(41);
  });

  it('give an owner who was idle no lead', async ({ process, test }) => {
    for (let index = 0; index < 20; index += 1) await process.create({ owner: 'busy' });
    const early = await process.serve();
    await expect.poll(() => early.length).toBe(20);
    await process.queue.stopWorking();
    const queueTime = () => test.query<{ virtual_time: number }>('select virtual_time from queue_lane');
    await expect.poll(async () => (await queueTime())[0]?.virtual_time).toBe(20);
    const owners = new Map<string, string>();
    for (let index = 0; index < 10; index += 1)
      for (const owner of ['idle', 'busy']) owners.set((await process.create({ owner })).id, owner);
    const order = await process.serve();
    await expect.poll(() => order.length).toBe(20);
    const firstTen = order.slice(0, 10).map((id) => owners.get(id));
    expect(firstTen.filter((owner) => owner === 'busy').length).toBeGreaterThanOrEqual(4);
  });

  it('give each compose of one transaction a turn, in its order', async ({ process }) => {
    await process.create({ owner: 'ann' });
    const [first, second, third] = await process.store.transaction(async (tx) => {
      const composes = [];
      for (let n = 0; n < 3; n += 1) composes.push(await tx.insert(aCompose({ owner: 'ann' }), null));
      for (const compose of composes) await tx.enqueue(compose, 'generate');
      return composes.map(({ id }) => id);
    });
    const others: string[] = [];
    for (let n = 0; n < 3; n += 1) others.push((await process.create({ owner: 'bob' })).id);
    // Of equal turns, the one that was sent first comes first.
    const expected = [others[0], first, others[1], second, others[2], third];
    const ids = [...others, first ?? '', second ?? '', third ?? ''];
    const positions = await process.store.queuePositions(ids, READ_ALL);
    expect(ids.toSorted((a, b) => (positions[ids.indexOf(a)] ?? 0) - (positions[ids.indexOf(b)] ?? 0))).toEqual(
      expected,
    );
    const order = await process.serve();
    await expect.poll(() => order.slice(1)).toEqual(expected);
  });
});

describe('a job whose handler fails', () => {
  it('is handed over again', async ({ process, openJobs }) => {
    const { id } = await process.create();
    const handed: string[] = [];
    await process.queue.work('generate', 1, async ({ composeId }) => {
      handed.push(composeId);
      if (handed.length === 1) throw new Error('the database was away');
    });
    await expect.poll(() => handed).toEqual([id, id]);
    await expect.poll(() => openJobs()).toEqual([]);
  });

  it('waits at most 5 s, however often it failed', async ({ process, boss }) => {
    await process.create();
    for (let n = 0; n < 20; n += 1) {
      const [job] = await boss.fetch('generate', { ignoreStartAfter: true });
      await boss.fail('generate', job?.id ?? '');
    }
    const [job] = await jobsOf(boss, 'generate');
    expect(job?.state).toBe('retry');
    expect((job?.startAfter.getTime() ?? Infinity) - Date.now()).toBeLessThanOrEqual(5_000);
  });
});

it('stopping the work lets running jobs go on and takes no other', async ({ process, openJobs }) => {
  const [first] = [await process.create(), await process.create()];
  const [taken, finish] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const order: string[] = [];
  await process.queue.work('generate', 1, async ({ composeId }) => {
    order.push(composeId);
    taken.resolve();
    await finish.promise;
  });
  await taken.promise;
  await process.queue.stopWorking();
  finish.resolve();
  await expect.poll(async () => (await openJobs()).map(({ state }) => state)).toEqual(['created']);
  expect(order).toEqual([first?.id]);
});

describe('reconciling', () => {
  it('sends the lost jobs of waiting composes, once', async ({ process, boss, openJobs }) => {
    const [kept, lost] = [await process.create(), await process.create()];
    await loseJobs(boss, 'generate', [lost.id]);
    const both = await Promise.all([process.queue.reconcile(), process.queue.reconcile()]);
    expect(both.map(({ sent }) => sent).toSorted((a, b) => a - b)).toEqual([0, 1]);
    expect((await openJobs()).map(({ id }) => id)).toEqual([kept.id, lost.id]);
    expect(await process.queue.reconcile()).toEqual({ sent: 0, dropped: 0 });
  });

  it('keeps the rank of a job that the former version sent, and replaces the job', async ({
    process,
    database,
    boss,
    openJobs,
  }) => {
    const { id } = await process.create({ flags: ['NO_REUSE'] });
    const [job] = await boss.findJobs('generate', { key: id });
    await boss.deleteJob('generate', job?.id ?? '');
    await database.em.getKysely().deleteFrom('queue_entry').execute();
    await boss.insert('generate', [{ data: { composeId: id }, priority: -41, singletonKey: id }]);
    expect(await process.queue.reconcile()).toEqual({ sent: 1, dropped: 0 });
    const entries = await database.em.getKysely().selectFrom('queue_entry').select(['rank', 'send']).execute();
    expect(entries).toEqual([{ rank: 41, send: 1 }]);
    expect(await openJobs()).toEqual([{ id, state: 'created' }]);
    expect((await boss.findJobs('generate', { key: id })).map(({ priority }) => priority)).toEqual([-41]);
  });

  it('sends composes that were never sent, to the lane that they are for', async ({
    process,
    test,
    boss,
    openJobs,
  }) => {
    const neverPrepared = await process.create();
    const neverReused = await process.create({ flags: ['NO_REUSE'] });
    const withoutEngine = await process.create({
      source: { type: 'PULP', contentSets: [], resolvedContentSets: null },
      flags: ['NO_REUSE'],
    });
    // As the schema before the table of entries left them.
    await test.query('truncate queue_entry');
    await loseJobs(boss, 'generate');
    expect(await process.queue.reconcile()).toEqual({ sent: 3, dropped: 0 });
    const idsOf = async (queue: string) => (await openJobs(queue)).map(({ id }) => id);
    expect(await idsOf('prepare')).toEqual([neverPrepared.id, withoutEngine.id]);
    expect(await idsOf('generate')).toEqual([neverReused.id]);
  });

  it('happens at the start for composes without entries', async ({ process, aProcess, test, boss, openJobs }) => {
    const { id } = await process.create({ flags: ['NO_REUSE'] });
    await test.query('truncate queue_entry');
    await loseJobs(boss, 'generate');
    await aProcess();
    expect(await openJobs()).toEqual([{ id, state: 'created' }]);
    expect(await process.store.queuePositions([id], READ_ALL)).toEqual([1]);
  });

  it('deletes the jobs of composes that have ended', async ({ process, openJobs }) => {
    const [canceled, waiting] = [await process.create(), await process.create()];
    await process.change(canceled.id, { state: 'FAILED' });
    expect(await process.queue.reconcile()).toEqual({ sent: 0, dropped: 1 });
    expect((await openJobs()).map(({ id }) => id)).toEqual([waiting.id]);
    expect(await process.store.queuePositions([canceled.id, waiting.id], READ_ALL)).toEqual([null, 1]);
  });
});

describe('the settings of a queue', () => {
  it('never decide about a compose', async ({ process, boss }) => {
    await process.create();
    const [job] = await jobsOf(boss, 'generate');
    expect(job).toMatchObject({
      expireInSeconds: 86_400,
      retryLimit: 1_000,
      heartbeatSeconds: 10,
      policy: 'exclusive',
    });
    expect((job?.keepUntil.getTime() ?? 0) - Date.now()).toBeGreaterThan(364 * 86_400_000);
  });

  it('are made once when several processes start at the same time', async () => {
    const empty = await createEmptyDatabase();
    const databases = await Promise.all(
      Array.from({ length: 4 }, () => openDatabase({ url: empty.url, logger: silentLogger })),
    );
    for (const database of databases) await migrate(database.orm, empty.url);
    const queues = databases.map((database) => new PgBossQueue({ database, logger: silentLogger }));
    await Promise.all(queues.map((one) => one.start()));
    const boss = new PgBoss({ connectionString: empty.url, max: 1, supervise: false, schedule: false, migrate: false });
    await boss.start();
    expect(await boss.getQueues(['generate'])).toHaveLength(1);
    await boss.stop({ graceful: false });
    await Promise.all(queues.map((one) => one.stop()));
    await Promise.all(databases.map((one) => one.close()));
    await empty.drop();
  });
});
