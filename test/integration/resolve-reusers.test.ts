import { describe, expect } from 'vitest';
import { changeCompose } from '../../src/app/change-compose.ts';
import type { ComposeStore } from '../../src/app/ports.ts';
import { resolveReusers } from '../../src/app/resolve-reusers.ts';
import { reuseResult } from '../../src/app/reuse-result.ts';
import { failure } from '../../src/compose/failure.ts';
import type { LifecycleEvent } from '../../src/compose/lifecycle-event.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { eventLog } from '../../src/store/event-log.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { databaseTest as it } from '../support/fixtures.ts';

const rules = { maxLosses: 3 };
const clock = { now: () => T0 };

async function apply(store: ComposeStore, id: string, event: LifecycleEvent, digest?: string): Promise<void> {
  await store.transaction(async (tx) => {
    const locked = await tx.lock(id);
    const patch = digest === undefined ? {} : { digest };
    if (!locked || !(await changeCompose(tx, locked, { event, by: 'ann', patch }, rules)))
      throw new Error(`${event.type} was refused`);
  });
}

async function generating(store: ComposeStore, digest: string): Promise<string> {
  const { id } = await store.transaction((tx) => tx.insert(aCompose(), null));
  await apply(store, id, { type: 'BEGIN', at: T0, workerId: '00000000-0000-4000-8000-000000000001' }, digest);
  return id;
}

async function reuser(store: ComposeStore, digest: string): Promise<string> {
  return store.transaction(async (tx) => {
    const compose = await tx.insert(aCompose(), null);
    await reuseResult({ clock, rules }, tx, compose, digest);
    return compose.id;
  });
}

describe('resolveReusers', () => {
  it('makes the oldest reuser the successor when the reused compose is canceled, and stores an event for each', async ({
    store,
    database,
  }) => {
    const log = eventLog(database.em);
    const reused = await generating(store, 'canceled');
    const successor = await reuser(store, 'canceled');
    const others = [await reuser(store, 'canceled'), await reuser(store, 'canceled')];
    await apply(store, reused, { type: 'REQUEST_CANCEL', at: T0, by: 'ann', reason: null });
    await apply(store, reused, { type: 'CANCELED', at: T0, attempt: 1 });
    const before = await log.head();
    await resolveReusers({ store, clock, rules }, reused);
    const items = await log.read({ after: before, limit: 100 }, READ_ALL);
    const reason = `Compose ${reused} was not finished`;
    expect(
      items.map(({ event }) => [event.composeId, event.kind, event.to, event.reason, event.snapshot.reuses]),
    ).toEqual([
      [successor, 'STATE_CHANGED', 'WAIT', reason, null],
      ...others.map((id) => [id, 'SHARING_CHANGED', null, reason, successor]),
    ]);
    for (const { compose } of items) expect(await store.find(compose.id, READ_ALL)).toEqual({ ...compose });
  });

  it('fails the reusers with a failure that holds for them as well', async ({ store }) => {
    const reused = await generating(store, 'failed');
    const reusers = [await reuser(store, 'failed'), await reuser(store, 'failed')];
    const missing = failure('MISSING_PACKAGES', 'Not in the source: nano');
    await apply(store, reused, { type: 'FAIL', at: T0, attempt: 1, failure: missing });
    await resolveReusers({ store, clock, rules }, reused);
    expect(await store.findMany(reusers, READ_ALL)).toMatchObject([
      { state: 'FAILED', failure: missing },
      { state: 'FAILED', failure: missing },
    ]);
  });

  it('does nothing while the reused compose is generated', async ({ store }) => {
    const reused = await generating(store, 'running');
    const id = await reuser(store, 'running');
    await resolveReusers({ store, clock, rules }, reused);
    expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'GENERATING', reuses: reused });
  });
});
