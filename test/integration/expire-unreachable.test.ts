// Composes in target directories that no process has configured any more.

import { describe, expect } from 'vitest';
import { expireUnreachable } from '../../src/app/expire-unreachable.ts';
import { pinCompose } from '../../src/app/pin-compose.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { knownTargets } from '../../src/store/known-targets.ts';
import { T0 } from '../support/composes.ts';
import { databaseTest } from '../support/fixtures.ts';
import { silentLogger } from '../support/logger.ts';
import { aPackage } from '../support/packages.ts';
import { aViewer } from '../support/request-rules.ts';
import { storedCompose } from '../support/stored-compose.ts';

/** `targets`: what processes have configured, with a clock of its own. */
const it = databaseTest.extend('targets', ({ store, database, server }) => {
  const known = knownTargets(database.em);
  const deps = {
    store,
    knownTargets: known,
    logger: silentLogger,
    clock: { now: () => new Date() },
    rules: { maxLosses: 3 },
  };
  return {
    deps,
    configure: (...names: readonly string[]) => known.know(names),
    async passHours(hours: number): Promise<void> {
      await server.query(
        "update target_dir set known_at = known_at - $1 * interval '1 hour', missing_since = missing_since - $1 * interval '1 hour'",
        [hours],
      );
    },
    sweep: (secondsAhead = 0) =>
      expireUnreachable({ ...deps, clock: { now: () => new Date(Date.now() + secondsAhead * 1_000) } }),
    async done(targetDir: string, overrides: Partial<Compose> = {}): Promise<string> {
      const expired = { owner: 'ann', state: 'DONE', doneAt: T0, expiresAt: T0 } as const;
      return (await storedCompose(store, { ...expired, targetDir, ...overrides })).id;
    },
    stateOf: async (id: string) => (await store.find(id, READ_ALL))?.state,
    packagesOf: async (id: string) =>
      (await server.query('select from compose_package where compose_id = $1', [id])).length,
  };
});

describe('expireUnreachable', () => {
  it('removes expired composes a day after their target directory went missing, and says so in their last event', async ({
    targets,
    server,
  }) => {
    await targets.configure('old', 'default');
    const expired = await targets.done('old');
    const removal = { removingAt: T0, removedBy: 'ann', removalReason: 'wrong tag' };
    const removing = await targets.done('old', removal);
    const pinned = await targets.done('old');
    await pinCompose(targets.deps, aViewer('ann'), { id: pinned, name: 'kept' });
    const others = [
      await targets.done('default'),
      await targets.done('old', { expiresAt: new Date(Date.now() + 1e9) }),
    ];

    await targets.passHours(1);
    await targets.configure('default');
    await targets.sweep();
    await targets.passHours(23);
    await targets.configure('default');
    await targets.sweep();
    expect(await targets.stateOf(expired)).toBe('DONE');

    await targets.passHours(1.1);
    await targets.configure('default');
    await targets.sweep();
    expect([await targets.stateOf(expired), await targets.stateOf(removing)]).toEqual(['REMOVED', 'REMOVED']);
    for (const id of [pinned, ...others]) expect(await targets.stateOf(id)).toBe('DONE');
    const events = await server.query<{ by: string; reason: string }>(
      "select by, reason from compose_event where to_state = 'REMOVED' order by compose_id",
    );
    expect(events.map(({ by }) => by)).toEqual(['system', 'ann']);
    expect(events.map(({ reason }) => reason.split(';')[0])).toEqual(['expired', 'wrong tag']);
    for (const { reason } of events) expect(reason).toContain('target directory old is configured nowhere');
  });

  it('keeps the packages of a reused compose until its last reuser is removed', async ({ targets, store }) => {
    await targets.configure('gone');
    const reused = await targets.done('gone');
    const reuser = await targets.done('gone', { reuses: reused, expiresAt: new Date(Date.now() + 60_000) });
    await store.transaction((tx) => tx.insertPackages(reused, [aPackage('bash-0:5.2-1.x86_64')]));
    await targets.passHours(1);
    await targets.configure('default');
    await targets.sweep();
    await targets.passHours(25);
    await targets.configure('default');
    await targets.sweep();
    expect([await targets.stateOf(reused), await targets.stateOf(reuser)]).toEqual(['REMOVED', 'DONE']);
    expect(await targets.packagesOf(reused)).toBe(1);
    await targets.sweep(120);
    expect([await targets.stateOf(reuser), await targets.packagesOf(reused)]).toEqual(['REMOVED', 0]);
  });

  it('removes nothing if no process ran for long, or if the target directory is configured again', async ({
    targets,
  }) => {
    await targets.configure('paused');
    const id = await targets.done('paused');
    await targets.passHours(100);
    await targets.sweep();
    await targets.configure('paused');
    await targets.passHours(25);
    await targets.sweep();
    expect(await targets.stateOf(id)).toBe('DONE');
  });
});
