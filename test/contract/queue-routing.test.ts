// Who may take what: pools of workers, and target directories that cannot be used everywhere.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ComposeStore } from '../../src/app/ports.ts';
import { poolOf, poolsOf, type Route } from '../../src/compose/routing.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { PgBossQueue } from '../../src/queue/work-queue.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { silentLogger } from '../support/logger.ts';

const ROUTES: readonly Route[] = [
  { pool: 'power', arches: ['ppc64le', 's390x'] },
  { pool: 'big', targetDirs: ['private'], composeTypes: ['NIGHTLY', 'PRODUCTION'] },
];
let test: TestDatabase;
let database: Database;
const queues: PgBossQueue[] = [];
beforeEach(async () => {
  test = await createTestDatabase();
  database = await openTestDatabase(test);
});
afterEach(async () => {
  for (const queue of queues.splice(0)) await queue.stop();
  await database.close();
  await test.drop();
});

async function aProcess(
  pools: readonly string[] = ['default'],
  routes = ROUTES,
): Promise<{ readonly queue: PgBossQueue; readonly store: ComposeStore }> {
  const queue = new PgBossQueue({
    url: test.url,
    logger: silentLogger,
    run: database.run,
    transaction: database.transaction,
    routes,
    pools,
  });
  await queue.start();
  queues.push(queue);
  return { queue, store: composeStore(database, queue) };
}

function create(store: ComposeStore, overrides: Partial<Compose> = {}): Promise<string> {
  return store.transaction(async (tx) => {
    const compose = await tx.insert(aCompose(overrides), null);
    await tx.enqueue(compose, 'generate');
    return compose.id;
  });
}

/** Takes what comes, for ever; answers what it took. */
async function serve(
  { queue, store }: Awaited<ReturnType<typeof aProcess>>,
  unusable: () => readonly string[] = () => [],
  slots = 1,
): Promise<string[]> {
  const taken: string[] = [];
  await queue.work(
    'generate',
    slots,
    async ({ composeId }) => {
      await store.transaction(async (tx) => {
        const compose = await tx.lock(composeId);
        if (compose)
          await tx.save(
            compose,
            { ...compose, state: 'GENERATING', attempt: 1 },
            { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null },
          );
      });
      taken.push(composeId);
    },
    { unusable },
  );
  return taken;
}

describe('a route', () => {
  it('is the first that all of a compose fits; without one it is the default pool', () => {
    expect(poolsOf(ROUTES)).toEqual(['default', 'power', 'big']);
    const poolFor = (overrides: Partial<Compose>) => poolOf(ROUTES, aCompose(overrides));
    expect(poolFor({})).toBe('default');
    expect(poolFor({ arches: ['ppc64le'] })).toBe('power');
    expect(poolFor({ arches: ['ppc64le', 'x86_64'] })).toBe('default');
    expect(poolFor({ arches: ['s390x'], targetDir: 'private', composeType: 'NIGHTLY' })).toBe('power');
    expect(poolFor({ targetDir: 'private' })).toBe('default');
    expect(poolFor({ targetDir: 'private', composeType: 'NIGHTLY' })).toBe('big');
    expect(poolOf([{ pool: 'tags', sourceTypes: ['TAG'] }], aCompose())).toBe('default');
    expect(poolOf([{ pool: 'repos', sourceTypes: ['TAG', 'REPO'] }], aCompose())).toBe('repos');
  });

  it('whose pool has dots in its name ranks what waits there apart from other pools', async () => {
    const { store } = await aProcess(
      ['default'],
      ['a.b', 'a.c'].map((pool) => ({ pool, targetDirs: [pool] })),
    );
    const ids = [await create(store, { targetDir: 'a.b' }), await create(store, { targetDir: 'a.c' })];
    expect(await store.queuePositions(ids, READ_ALL)).toEqual([1, 1]);
  });

  it('takes composes to the workers of its pool and to no others', async () => {
    const [one, power, both] = [await aProcess(), await aProcess(['power']), await aProcess(['power', 'big'])];
    const takenHere = await serve(one);
    const forPower = await create(one.store, { arches: ['ppc64le'] });
    const forBig = await create(one.store, { targetDir: 'private', composeType: 'NIGHTLY' });
    const forHere = await create(one.store);
    await expect.poll(() => takenHere).toEqual([forHere]);
    // Nobody serves them yet: they wait, and are told where.
    expect(await one.store.queuePositions([forPower, forBig], READ_ALL)).toEqual([1, 1]);
    expect(await one.store.queuePositions([forPower, forBig], { owners: ['another'] })).toEqual([null, null]);
    expect(await one.queue.reconcile()).toEqual({ sent: 0, dropped: 0 });
    const takenPower = await serve(power);
    await expect.poll(() => takenPower).toEqual([forPower]);
    const takenBoth = await serve(both);
    await expect.poll(() => takenBoth).toEqual([forBig]);
    expect([takenHere, takenPower]).toEqual([[forHere], [forPower]]);
  });

  it('is found again for a compose whose job was lost', async () => {
    const { queue, store } = await aProcess(['power']);
    const id = await create(store, { arches: ['s390x'], flags: ['NO_REUSE'] });
    await test.query("delete from pgboss.job where name = 'generate.power'");
    expect(await queue.reconcile()).toEqual({ sent: 1, dropped: 0 });
    expect(
      await test.query(
        "select singleton_key as id from pgboss.job where name = 'generate.power' and state = 'created'",
      ),
    ).toEqual([{ id }]);
  });

  it('shares the slots of a worker among the pools that it serves', async () => {
    const process = await aProcess(['default', 'power']);
    for (let n = 0; n < 4; n += 1) await create(process.store, { arches: [n % 2 === 0 ? 'x86_64' : 'ppc64le'] });
    let [running, most, served] = [0, 0, 0];
    await process.queue.work('generate', 2, async ({ composeId }) => {
      running += 1;
      most = Math.max(most, running);
      await process.store.find(composeId, READ_ALL);
      await new Promise(setImmediate);
      running -= 1;
      served += 1;
    });
    await expect.poll(() => served).toBe(4);
    expect(most).toBeLessThanOrEqual(2);
  });
});

describe('a target directory that cannot be used here', () => {
  it('holds up nothing else, and what is for it stays in the queue for others', async () => {
    const [here, elsewhere] = [await aProcess(), await aProcess()];
    const first = await create(here.store, { targetDir: 'private' });
    const second = await create(here.store);
    const taken = await serve(here, () => ['private']);
    await expect.poll(() => taken).toEqual([second]);
    expect(await test.query('select state::text from pgboss.job where singleton_key = $1', [first])).toEqual([
      { state: 'created' },
    ]);
    const takenElsewhere = await serve(elsewhere);
    await expect.poll(() => takenElsewhere).toEqual([first]);
    expect(taken).toEqual([second]);
  });

  it('is served as soon as it can be used again', async () => {
    const here = await aProcess();
    let unusable = ['default'];
    const taken = await serve(here, () => unusable);
    const ids = [await create(here.store), await create(here.store)];
    unusable = [];
    here.queue.wake();
    await expect.poll(() => taken).toEqual(ids);
  });
});
