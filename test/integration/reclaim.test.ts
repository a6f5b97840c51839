// Taking back from workers that are gone, with the real store and real files.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { reclaimLostAttempts } from '../../src/app/reclaim.ts';
import type { ComposeStore, Results } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { createResults } from '../../src/results/directory-results.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { workerRegistry } from '../../src/store/worker-registry.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { silentLogger } from '../support/logger.ts';

const GONE = '00000000-0000-4000-8000-00000000dead';

let test: TestDatabase;
let database: Database;
let store: ComposeStore;
let results: Results;
let target: string;
/** The process groups that were ended, with the state of the compose then. */
let ended: object[];
/** Groups that outlive being ended. */
let unkillable: number[];

beforeEach(async () => {
  ended = [];
  unkillable = [];
  test = await createTestDatabase();
  database = await openTestDatabase(test);
  store = composeStore(database, noQueue);
  target = mkdtempSync(join(tmpdir(), 'odcs-take-back-'));
  results = createResults({
    targetDirs: { default: target },
    instanceId: 'this',
    adopt: false,
    publicUrl: 'http://odcs',
    minFreeBytes: 0,
    logger: silentLogger,
  });
  await results.start();
});

afterEach(async () => {
  await results.stop();
  await database.close();
  await test.drop();
  rmSync(target, { recursive: true, force: true });
});

/** A compose of a worker that is gone, with what it had written. */
async function lost(overrides: Partial<Compose> = {}): Promise<string> {
  const { id } = await store.transaction(async (tx) => {
    const compose = await tx.insert(aCompose(), null);
    return tx.save(
      compose,
      { ...compose, state: 'GENERATING', attempt: 2, workerId: GONE, ...overrides },
      { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null },
    );
  });
  for (const name of [`.attempts/${id}.2`, `.attempts/${id}.2.scratch`, `odcs-${id}`]) {
    mkdirSync(join(target, name));
    writeFileSync(join(target, name, 'a file'), 'of the lost attempt');
  }
  return id;
}

async function sweep(): Promise<void> {
  await reclaimLostAttempts({
    store,
    results,
    registry: workerRegistry(database.run),
    terminateOrphan: async (group) => {
      const [row] = await test.query<{ state: string }>('select state from compose order by id desc limit 1');
      ended.push({ ...group, ...row });
      return unkillable.filter((pid) => pid === group.pgid).map((pid) => ({ pid }));
    },
    host: 'here',
    leaseExpiresAfterMs: 6_000,
    clock: { now: () => new Date() },
    logger: silentLogger,
    rules: { maxLosses: 3 },
  });
}

function filesOf(id: string): readonly string[] {
  return [
    ...readdirSync(join(target, '.attempts')).filter((name) => name.startsWith(`${id}.`)),
    ...(existsSync(join(target, `odcs-${id}`)) ? [`odcs-${id}`] : []),
  ];
}

it.each([
  ['waits again', {}, { state: 'WAIT', losses: 1 }],
  ['fails where too many were lost', { losses: 2 }, { state: 'FAILED', losses: 3, failure: { code: 'WORKER_LOST' } }],
  [
    'fails where a cancel was asked for',
    { cancelRequestedAt: T0, cancelRequestedBy: 'ann' },
    { state: 'FAILED', losses: 0, failure: { code: 'CANCELED' } },
  ],
])(
  'a compose of a lost worker %s, and nothing of the attempt is left, not even what was published and not committed',
  async (_what, overrides, becomes) => {
    const id = await lost(overrides);
    await sweep();
    expect(await store.find(id, READ_ALL)).toMatchObject(becomes);
    expect(filesOf(id)).toEqual([]);
  },
);

it('ends what the lost worker left running on this host, before anybody else may take the compose', async () => {
  const id = await lost();
  const registry = workerRegistry(database.run);
  const group = { pgid: 4711, startTime: '1', bootId: 'boot', host: 'here' };
  await registry.registerProcessGroup({ composeId: id, attempt: 2 }, group);
  await registry.registerProcessGroup({ composeId: id, attempt: 1 }, { ...group, host: 'elsewhere' });
  await sweep();
  expect(ended).toEqual([{ ...group, composeId: id, attempt: 2, state: 'GENERATING' }]);
  expect(await registry.orphanedProcessGroups('here')).toEqual([]);
  expect(await registry.orphanedProcessGroups('elsewhere')).toHaveLength(1);
});

it('of what cannot be ended is known until it is, and it alone', async () => {
  const id = await lost();
  const registry = workerRegistry(database.run);
  const group = { startTime: '1', bootId: 'boot', host: 'here' };
  for (const pgid of [4711, 4712])
    await registry.registerProcessGroup({ composeId: id, attempt: 2 }, { ...group, pgid });
  unkillable = [4712];
  await sweep();
  expect(await registry.orphanedProcessGroups('here')).toEqual([{ ...group, composeId: id, attempt: 2, pgid: 4712 }]);
  expect((await store.find(id, READ_ALL))?.state).toBe('WAIT');
});

it('what a later attempt has begun is let be', async () => {
  const id = await lost();
  mkdirSync(join(target, '.attempts', `${id}.3`));
  await sweep();
  // It may be what that has published.
  expect(filesOf(id)).toEqual([`${id}.3`, `odcs-${id}`]);
});

it('what a later attempt has published is let be by a process that was frozen when it had the lock', async () => {
  const id = await lost();
  const stale = await store.find(id, READ_ALL);
  if (!stale) throw new Error('it was there');
  mkdirSync(join(target, '.logs', id));
  for (const attempt of [2, 3]) writeFileSync(join(target, '.logs', id, `${attempt}.log`), '');
  await results.trashAttempts(stale);
  expect(filesOf(id)).toEqual([`odcs-${id}`]);
});

it('those that cannot be taken back hold no other up, not even for as long as a lock is waited for, and are taken back later', async () => {
  const stuck = [await lost(), await lost(), await lost()];
  const free = await lost();
  const release = Promise.withResolvers<void>();
  const locked = Promise.withResolvers<void>();
  const holding = store.transaction(async (tx) => {
    for (const id of stuck) await tx.lock(id);
    locked.resolve();
    await release.promise;
  });
  await locked.promise;
  let isOver = false;
  const sweeping = sweep().finally(() => (isOver = true));
  await expect.poll(async () => (await store.find(free, READ_ALL))?.state, { timeout: 4_500 }).toBe('WAIT');
  expect(isOver).toBe(false);
  await sweeping;
  expect((await store.findMany(stuck, READ_ALL)).map((compose) => compose?.state)).toEqual([
    'GENERATING',
    'GENERATING',
    'GENERATING',
  ]);
  release.resolve();
  await holding;
  await sweep();
  expect((await store.findMany(stuck, READ_ALL)).map((compose) => compose?.state)).toEqual(['WAIT', 'WAIT', 'WAIT']);
}, 20_000);

it('a target directory that is away keeps no compose from being taken back', async () => {
  const id = await lost();
  rmSync(target, { recursive: true, force: true });
  await sweep();
  expect((await store.find(id, READ_ALL))?.state).toBe('WAIT');
});
