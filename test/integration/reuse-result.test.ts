import { describe, expect } from 'vitest';
import { changeCompose } from '../../src/app/change-compose.ts';
import type { ComposeStore } from '../../src/app/ports.ts';
import { reuseResult } from '../../src/app/reuse-result.ts';
import type { Compose } from '../../src/compose/compose.ts';
import type { LifecycleEvent } from '../../src/compose/lifecycle-event.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { databaseTest as it } from '../support/fixtures.ts';

const rules = { maxLosses: 3 };
const clock = { now: () => T0 };

async function generating(store: ComposeStore, digest: string): Promise<string> {
  const { id } = await store.transaction(async (tx) => tx.patch(await tx.insert(aCompose(), null), { digest }));
  await apply(store, id, { type: 'BEGIN', at: T0, workerId: '00000000-0000-4000-8000-000000000001' });
  return id;
}

async function apply(store: ComposeStore, id: string, event: LifecycleEvent): Promise<void> {
  await store.transaction(async (tx) => {
    const locked = await tx.lock(id);
    if (!locked || !(await changeCompose(tx, locked, { event, by: 'ann' }, rules)))
      throw new Error(`${event.type} was refused`);
  });
}

/** What becomes of a new compose with the digest. */
async function reuse(store: ComposeStore, digest: string): Promise<Compose | null> {
  return store.transaction(async (tx) => reuseResult({ clock, rules }, tx, await tx.insert(aCompose(), null), digest));
}

describe('reuseResult', () => {
  it('makes a compose a reuser of the one that is being generated', async ({ store }) => {
    const id = await generating(store, 'under way');
    expect(await reuse(store, 'under way')).toMatchObject({ state: 'GENERATING', reuses: id });
  });

  it('makes a compose DONE at once if the reused one is DONE', async ({ store }) => {
    const id = await generating(store, 'done');
    await apply(store, id, { type: 'SUCCEED', at: T0, attempt: 1 });
    expect(await reuse(store, 'done')).toMatchObject({ state: 'DONE', reuses: id });
  });

  it('reuses nothing if no compose has the digest', async ({ store }) => {
    expect(await reuse(store, 'unknown')).toBeNull();
  });

  it('does not reuse a compose whose cancellation was requested', async ({ store }) => {
    const id = await generating(store, 'canceled');
    await apply(store, id, { type: 'REQUEST_CANCEL', at: T0, by: 'ann', reason: null });
    expect(await reuse(store, 'canceled')).toBeNull();
  });

  it('does not reuse a compose that is being removed', async ({ store }) => {
    const id = await generating(store, 'removed');
    await apply(store, id, { type: 'SUCCEED', at: T0, attempt: 1 });
    await apply(store, id, { type: 'BEGIN_REMOVAL', at: T0, by: 'ann', reason: null });
    expect(await reuse(store, 'removed')).toBeNull();
  });
});
