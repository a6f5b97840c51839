import { existsSync } from 'node:fs';
import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, vi } from 'vitest';
import { expireComposes } from '../../src/app/expire-composes.ts';
import { finishRemovals } from '../../src/app/finish-removals.ts';
import { pinCompose } from '../../src/app/pin-compose.ts';
import type { ComposeStore, Results } from '../../src/app/ports.ts';
import { removeCompose } from '../../src/app/remove-compose.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { T0 } from '../support/composes.ts';
import { silentLogger } from '../support/logger.ts';
import { aViewer } from '../support/request-rules.ts';
import { storedCompose } from '../support/stored-compose.ts';
import { it } from '../support/target-fixture.ts';

const admin = aViewer('boss', { isAdmin: true });

function deps(store: ComposeStore, results: Results) {
  return { store, results, clock: { now: () => new Date() }, logger: silentLogger, rules: { maxLosses: 3 } };
}

/** A DONE compose with a directory; by default it expires in the future. */
async function published(store: ComposeStore, target: string, overrides: Partial<Compose> = {}): Promise<string> {
  const expiresAt = new Date(Date.now() + 1e9);
  const { id } = await storedCompose(store, { owner: 'ann', state: 'DONE', doneAt: T0, expiresAt, ...overrides });
  await mkdir(join(target, `odcs-${id}`));
  return id;
}

async function stateOf(store: ComposeStore, target: string, id: string): Promise<readonly unknown[]> {
  const compose = await store.find(id, READ_ALL);
  return [compose?.state, existsSync(join(target, `odcs-${id}`))];
}

describe('A latest-* link', () => {
  it('keeps its compose from expiring, from being removed, and from a removal that has begun', async ({
    store,
    results,
    target,
  }) => {
    const expired = await published(store, target, { expiresAt: T0 });
    const requested = await published(store, target);
    const begun = await published(store, target, { removingAt: T0, removedBy: 'ann' });
    for (const id of [expired, requested, begun]) await symlink(`odcs-${id}`, join(target, `latest-${id}`));

    await expireComposes(deps(store, results));
    await finishRemovals(deps(store, results));
    expect(await removeCompose(deps(store, results), admin, { id: requested, reason: null })).toMatchObject({
      ok: false,
      refusal: { code: 'CONFLICT' },
    });
    for (const id of [expired, requested, begun]) expect(await stateOf(store, target, id)).toEqual(['DONE', true]);

    await rm(join(target, `latest-${expired}`));
    await expireComposes(deps(store, results));
    expect(await stateOf(store, target, expired)).toEqual(['REMOVED', false]);
  });

  it('keeps its compose from expiring if it moved there after the sweep had read the links', async ({
    store,
    results,
    target,
  }) => {
    const id = await published(store, target, { expiresAt: T0 });
    vi.spyOn(results, 'latestComposeIds').mockImplementationOnce(async () => {
      await symlink(`odcs-${id}`, join(target, 'latest-moved'));
      return new Set();
    });
    await expireComposes(deps(store, results));
    expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'DONE', removingAt: null });
    expect(existsSync(join(target, `odcs-${id}`))).toBe(true);
  });
});

describe('A pin of a reuser', () => {
  it('keeps the files of the compose that it reuses, although that compose expires', async ({
    store,
    results,
    target,
  }) => {
    const reused = await published(store, target, { expiresAt: T0 });
    const reuser = await published(store, target, { expiresAt: T0, reuses: reused });
    await pinCompose(deps(store, results), admin, { id: reuser, name: 'kept' });
    await expireComposes(deps(store, results));
    expect(await stateOf(store, target, reused)).toEqual(['REMOVED', true]);
    expect(await stateOf(store, target, reuser)).toEqual(['DONE', true]);
  });
});
