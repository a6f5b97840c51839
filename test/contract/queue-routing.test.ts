// Which worker takes which compose: pools of workers, and target directories that a worker cannot use.

import { describe, expect } from 'vitest';
import type { Compose } from '../../src/compose/compose.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { poolOf, poolsOf, type Route } from '../../src/compose/routing.ts';
import { aCompose } from '../support/composes.ts';
import { it, loseJobs } from '../support/queue-fixture.ts';

const ROUTES: readonly Route[] = [
  { pool: 'power', arches: ['ppc64le', 's390x'] },
  { pool: 'big', targetDirs: ['private'], composeTypes: ['NIGHTLY', 'PRODUCTION'] },
];

describe('a route', () => {
  it('is the first that a compose fits in full; without one, the pool is the default pool', () => {
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

  it('ranks the composes of each pool apart, also of pools with dots in their names', async ({ aProcess }) => {
    const process = await aProcess({ routes: ['a.b', 'a.c'].map((pool) => ({ pool, targetDirs: [pool] })) });
    const ids = [(await process.create({ targetDir: 'a.b' })).id, (await process.create({ targetDir: 'a.c' })).id];
    expect(await process.store.queuePositions(ids, READ_ALL)).toEqual([1, 1]);
  });

  it('brings composes to the workers of its pool and to no others', async ({ aProcess }) => {
    const one = await aProcess({ routes: ROUTES });
    const power = await aProcess({ routes: ROUTES, pools: ['power'] });
    const both = await aProcess({ routes: ROUTES, pools: ['power', 'big'] });
    const takenHere = await one.serve();
    const { id: forPower } = await one.create({ arches: ['ppc64le'] });
    const { id: forBig } = await one.create({ targetDir: 'private', composeType: 'NIGHTLY' });
    const { id: forHere } = await one.create();
    await expect.poll(() => takenHere).toEqual([forHere]);
    // Composes of pools without a worker wait, and have positions.
    expect(await one.store.queuePositions([forPower, forBig], READ_ALL)).toEqual([1, 1]);
    expect(await one.queue.reconcile()).toEqual({ sent: 0, dropped: 0 });
    const takenPower = await power.serve();
    await expect.poll(() => takenPower).toEqual([forPower]);
    const takenBoth = await both.serve();
    await expect.poll(() => takenBoth).toEqual([forBig]);
    expect([takenHere, takenPower]).toEqual([[forHere], [forPower]]);
  });

  it('holds for a compose whose job was lost', async ({ aProcess, boss, openJobs }) => {
    const process = await aProcess({ routes: ROUTES, pools: ['power'] });
    const { id } = await process.create({ arches: ['s390x'], flags: ['NO_REUSE'] });
    await loseJobs(boss, 'generate.power');
    expect(await process.queue.reconcile()).toEqual({ sent: 1, dropped: 0 });
    expect(await openJobs('generate.power')).toEqual([{ id, state: 'created' }]);
  });

  it('moves composes that wait to the pool of the present routes when the routes have changed', async ({
    aProcess,
    openJobs,
  }) => {
    const before = await aProcess({ routes: ROUTES, pools: ['power'] });
    const { id } = await before.create({ arches: ['s390x'], flags: ['NO_REUSE'] });
    const after = await aProcess({ routes: [{ pool: 'large', arches: ['s390x'] }], pools: ['large'] });
    expect(await after.queue.reconcile()).toEqual({ sent: 1, dropped: 0 });
    expect(await openJobs('generate.power')).toEqual([]);
    expect(await openJobs('generate.large')).toEqual([{ id, state: 'created' }]);
    expect(await after.queue.reconcile()).toEqual({ sent: 0, dropped: 0 });
  });

  it('shares the slots of a worker among the pools that it serves', async ({ aProcess }) => {
    const process = await aProcess({ routes: ROUTES, pools: ['default', 'power'] });
    for (let n = 0; n < 4; n += 1) await process.create({ arches: [n % 2 === 0 ? 'x86_64' : 'ppc64le'] });
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

describe('a target directory that a worker cannot use', () => {
  it('delays no other compose; its own stay in the queue for other workers', async ({ aProcess, openJobs }) => {
    const [here, elsewhere] = [await aProcess(), await aProcess()];
    const { id: first } = await here.create({ targetDir: 'private' });
    const { id: second } = await here.create();
    const taken = await here.serve({ unusable: () => ['private'] });
    await expect.poll(() => taken).toEqual([second]);
    expect(await openJobs()).toContainEqual({ id: first, state: 'created' });
    const takenElsewhere = await elsewhere.serve();
    await expect.poll(() => takenElsewhere).toEqual([first]);
    expect(taken).toEqual([second]);
  });

  it('is served as soon as it can be used again', async ({ process }) => {
    let unusable = ['default'];
    const taken = await process.serve({ unusable: () => unusable });
    const ids = [(await process.create()).id, (await process.create()).id];
    unusable = [];
    process.queue.wake();
    await expect.poll(() => taken).toEqual(ids);
  });
});
