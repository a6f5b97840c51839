import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { WorkerRegistry } from '../../src/app/ports.ts';
import { reclaimLostAttempts } from '../../src/app/reclaim.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { workerRegistry } from '../../src/store/worker-registry.ts';
import { T0 } from '../support/composes.ts';
import { silentLogger } from '../support/logger.ts';
import { storedCompose } from '../support/stored-compose.ts';
import { it as base } from '../support/target-fixture.ts';

const LOST_WORKER = '00000000-0000-4000-8000-00000000dead';
const GROUP = { pgid: 4711, startTime: '1', bootId: 'boot', host: 'here' };

/** `lost`: composes of a lost worker, and the chore that reclaims them. */
const it = base.extend('lost', ({ store, database, results, target }) => {
  const registry: WorkerRegistry = workerRegistry(database.em);
  /** The process groups that were killed, with the state of the compose at that time. */
  const killed: object[] = [];
  const unkillable = new Set<number>();
  return {
    registry,
    killed,
    unkillable,
    /** Attempt 2 of a compose, with its files. It may have been renamed in a transaction that was not committed. */
    async compose(overrides: Partial<Compose> = {}): Promise<string> {
      const generating = { state: 'GENERATING', attempt: 2, workerId: LOST_WORKER } as const;
      const { id } = await storedCompose(store, { ...generating, ...overrides });
      for (const name of [`.attempts/${id}.2`, `.attempts/${id}.2.scratch`, `odcs-${id}`]) {
        await mkdir(join(target, name));
        await writeFile(join(target, name, 'file'), 'of the lost attempt');
      }
      return id;
    },
    reclaim: () =>
      reclaimLostAttempts({
        store,
        results,
        registry,
        terminateOrphan: async (group) => {
          const compose = await store.find((group as { composeId?: string }).composeId ?? '', READ_ALL);
          killed.push({ ...group, state: compose?.state });
          return unkillable.has(group.pgid) ? [{ pid: group.pgid }] : [];
        },
        host: 'here',
        leaseExpiresAfterMs: 6_000,
        clock: { now: () => new Date() },
        logger: silentLogger,
        rules: { maxLosses: 3 },
      }),
    filesOf: (id: string) => [
      ...readdirSync(join(target, '.attempts')).filter((name) => name.startsWith(`${id}.`)),
      ...(existsSync(join(target, `odcs-${id}`)) ? [`odcs-${id}`] : []),
    ],
    statesOf: async (ids: readonly string[]) => (await store.findMany(ids, READ_ALL)).map((compose) => compose?.state),
  };
});

describe('reclaimLostAttempts', () => {
  it.for([
    ['returns a compose to WAIT', {}, { state: 'WAIT', losses: 1 }],
    [
      'fails a compose that lost too many workers',
      { losses: 2 },
      { state: 'FAILED', losses: 3, failure: { code: 'WORKER_LOST' } },
    ],
    [
      'cancels a compose whose cancellation was requested',
      { cancelRequestedAt: T0, cancelRequestedBy: 'ann' },
      { state: 'FAILED', losses: 0, failure: { code: 'CANCELED' } },
    ],
  ] as const)('%s, and trashes the files of the attempt', async ([_title, overrides, expected], { lost, store }) => {
    const id = await lost.compose(overrides);
    await lost.reclaim();
    expect(await store.find(id, READ_ALL)).toMatchObject(expected);
    expect(lost.filesOf(id)).toEqual([]);
  });

  it('kills the processes of the attempt on this host before another worker may take the compose', async ({ lost }) => {
    const id = await lost.compose();
    await lost.registry.registerProcessGroup({ composeId: id, attempt: 2 }, GROUP);
    await lost.registry.registerProcessGroup({ composeId: id, attempt: 1 }, { ...GROUP, host: 'elsewhere' });
    await lost.reclaim();
    expect(lost.killed).toEqual([{ ...GROUP, composeId: id, attempt: 2, state: 'GENERATING' }]);
    expect(await lost.registry.orphanedProcessGroups('here')).toEqual([]);
    expect(await lost.registry.orphanedProcessGroups('elsewhere')).toHaveLength(1);
  });

  it('keeps a process group registered until it is killed, and reclaims the compose', async ({ lost }) => {
    const id = await lost.compose();
    for (const pgid of [4711, 4712])
      await lost.registry.registerProcessGroup({ composeId: id, attempt: 2 }, { ...GROUP, pgid });
    lost.unkillable.add(4712);
    await lost.reclaim();
    const remaining = { ...GROUP, composeId: id, attempt: 2, pgid: 4712 };
    expect(await lost.registry.orphanedProcessGroups('here')).toEqual([remaining]);
    expect(await lost.statesOf([id])).toEqual(['WAIT']);
    await lost.registry.forgetProcessGroup(remaining);
  });

  it('leaves the files of a later attempt', async ({ lost, target }) => {
    const id = await lost.compose();
    await mkdir(join(target, '.attempts', `${id}.3`));
    await lost.reclaim();
    // Attempt 3 may have published odcs-<id>.
    expect(lost.filesOf(id)).toEqual([`${id}.3`, `odcs-${id}`]);
  });

  it('reclaims a compose although its target directory is gone', async ({ lost, target }) => {
    const id = await lost.compose();
    await rm(target, { recursive: true });
    await lost.reclaim();
    expect(await lost.statesOf([id])).toEqual(['WAIT']);
  });

  it('does not delay other composes while rows are locked, and reclaims the locked ones later', async ({
    lost,
    store,
  }) => {
    const locked = [await lost.compose(), await lost.compose(), await lost.compose()];
    const free = await lost.compose();
    const release = Promise.withResolvers<void>();
    const isLocked = Promise.withResolvers<void>();
    const holding = store.transaction(async (tx) => {
      for (const id of locked) await tx.lock(id);
      isLocked.resolve();
      await release.promise;
    });
    await isLocked.promise;
    let isOver = false;
    const reclaiming = lost.reclaim().finally(() => (isOver = true));
    // Sooner than the lock timeout of 5 s.
    await expect.poll(() => lost.statesOf([free]), { timeout: 4_500 }).toEqual(['WAIT']);
    expect(isOver).toBe(false);
    await reclaiming;
    expect(await lost.statesOf(locked)).toEqual(['GENERATING', 'GENERATING', 'GENERATING']);
    release.resolve();
    await holding;
    await lost.reclaim();
    expect(await lost.statesOf(locked)).toEqual(['WAIT', 'WAIT', 'WAIT']);
  }, 20_000);
});

describe('trashAttempts', () => {
  it('leaves what a later attempt has published, if the log of that attempt exists', async ({
    lost,
    store,
    results,
    target,
  }) => {
    const id = await lost.compose();
    const stale = await store.find(id, READ_ALL);
    if (!stale) throw new Error('The compose is not stored');
    await mkdir(join(target, '.logs', id));
    for (const attempt of [2, 3]) await writeFile(join(target, '.logs', id, `${attempt}.log`), '');
    await results.trashAttempts(stale);
    expect(lost.filesOf(id)).toEqual([`odcs-${id}`]);
  });
});
