import { describe, expect } from 'vitest';
import { finishRemovals } from '../../src/app/finish-removals.ts';
import { removeCompose } from '../../src/app/remove-compose.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { T0 } from '../support/composes.ts';
import { databaseTest } from '../support/fixtures.ts';
import { silentLogger } from '../support/logger.ts';
import { aViewer } from '../support/request-rules.ts';
import { storedCompose } from '../support/stored-compose.ts';

const expiresAt = new Date(T0.getTime() + 10_000_000);

/** `files`: removals on a target directory that can be made unreachable. */
const it = databaseTest.extend('files', ({ store }) => {
  const trashed: string[] = [];
  const files = { trashed, isReachable: true };
  const results = {
    trashCompose: async ({ id }: Compose) => {
      if (!files.isReachable) throw new Error('The target directory is not mounted');
      trashed.push(id);
    },
    latestComposeIds: async () => new Set<string>(),
    reachableTargets: async () => ['default'],
  };
  const clock = { now: () => new Date(T0.getTime() + 60_000) };
  const deps = { store, results, clock, logger: silentLogger, rules: { maxLosses: 3 } };
  return Object.assign(files, {
    async done(reuses: string | null = null): Promise<string> {
      return (await storedCompose(store, { owner: 'ann', state: 'DONE', doneAt: T0, expiresAt, reuses })).id;
    },
    async remove(id: string): Promise<string> {
      const outcome = await removeCompose(deps, aViewer('ann'), { id, reason: null });
      if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal));
      return outcome.value.state;
    },
    finish: () => finishRemovals(deps),
  });
});

describe('removeCompose', () => {
  it('trashes the files of each compose once when a compose and its reusers are removed at the same time', async ({
    files,
  }) => {
    for (let round = 0; round < 5; round += 1) {
      files.trashed.length = 0;
      const reused = await files.done();
      const reusers = await Promise.all(Array.from({ length: 8 }, () => files.done(reused)));
      const order = [...reusers.slice(round), reused, ...reusers.slice(0, round)];
      expect(await Promise.all(order.map((id) => files.remove(id)))).toEqual(Array<string>(9).fill('REMOVED'));
      expect(files.trashed.toSorted()).toEqual([reused, ...reusers].toSorted());
    }
  });

  it('removes a reused compose whose id is higher than that of its reuser', async ({ files, server }) => {
    const reuser = await files.done();
    const reused = await files.done();
    await server.query('update compose set reuses = $1 where id = $2', [reused, reuser]);
    await Promise.all([files.remove(reused), files.remove(reuser)]);
    expect(files.trashed.toSorted()).toEqual([reuser, reused].toSorted());
  });

  it('keeps the files of a reused compose until its last reuser is removed', async ({ files }) => {
    const reused = await files.done();
    const reuser = await files.done(reused);
    expect(await files.remove(reused)).toBe('REMOVED');
    expect(files.trashed).toEqual([]);
    expect(await files.remove(reuser)).toBe('REMOVED');
    expect(files.trashed.toSorted()).toEqual([reused, reuser].toSorted());
  });

  it('leaves files that it cannot reach to a chore, and stores one REMOVED event', async ({ files, server }) => {
    const id = await files.done();
    files.isReachable = false;
    expect(await files.remove(id)).toBe('DONE');
    files.isReachable = true;
    await server.query('update compose set removing_at = $1 where id = $2', [new Date(T0.getTime() - 3_600_000), id]);
    await Promise.all([files.finish(), files.finish(), files.remove(id)]);
    expect(files.trashed).toEqual([id]);
    const events = await server.query('select kind, to_state from compose_event where compose_id = $1 and seq > 2', [
      id,
    ]);
    expect(events).toEqual([
      { kind: 'REMOVAL_BEGUN', to_state: null },
      { kind: 'STATE_CHANGED', to_state: 'REMOVED' },
    ]);
  });
});
