import { describe, expect } from 'vitest';
import { expireComposes } from '../../src/app/expire-composes.ts';
import { pinCompose, unpinCompose, unpinExpired } from '../../src/app/pin-compose.ts';
import type { ComposeStore, ComposeTransaction } from '../../src/app/ports.ts';
import { removeCompose } from '../../src/app/remove-compose.ts';
import { renewCompose } from '../../src/app/renew-compose.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { MAX_PINS } from '../../src/compose/pin.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { T0 } from '../support/composes.ts';
import { databaseTest } from '../support/fixtures.ts';
import { silentLogger } from '../support/logger.ts';
import { aViewer, REQUEST_RULES } from '../support/request-rules.ts';
import { storedCompose } from '../support/stored-compose.ts';

const ann = aViewer('ann');
const admin = aViewer('boss', { isAdmin: true });

function secondsLater(seconds: number): Date {
  return new Date(T0.getTime() + seconds * 1_000);
}

/** `pins`: composes, pins and removals, at a time that the test sets; T0 at first. */
const it = databaseTest.extend('pins', ({ store, server }) => {
  const time = { now: T0 };
  const trashed: string[] = [];
  const results = {
    trashCompose: async ({ id }: Compose) => void trashed.push(id),
    latestComposeIds: async () => new Set<string>(),
    reachableTargets: async () => ['default'],
  };
  const clock = { now: () => time.now };
  const deps = { store, clock, rules: { maxLosses: 3 }, logger: silentLogger, results };
  return {
    deps,
    trashed,
    setSeconds: (seconds: number) => void (time.now = secondsLater(seconds)),
    /** DONE, and expires 10 s after T0. */
    compose: async (overrides: Partial<Compose> = {}) =>
      (
        await storedCompose(store, {
          owner: 'ann',
          state: 'DONE',
          doneAt: T0,
          expiresAt: secondsLater(10),
          ...overrides,
        })
      ).id,
    pin: (id: string, name = 'kept', secondsToLive?: number, viewer = ann) =>
      pinCompose(deps, viewer, { id, name, secondsToLive }),
    unpin: (id: string, name = 'kept', viewer = ann) => unpinCompose(deps, viewer, { id, name }),
    remove: (id: string, viewer = ann) => removeCompose(deps, viewer, { id, reason: null }),
    expire: () => expireComposes(deps),
    deleteExpired: (over: ComposeStore = store) => unpinExpired({ ...deps, store: over }),
    listed: (ids: readonly string[]) => store.pinsOf(ids, time.now, READ_ALL),
    stateOf: async (id: string) => (await store.find(id, READ_ALL))?.state,
    /** Without the two events of a stored compose. */
    eventsOf: (id: string) =>
      server.query<{ kind: string }>(
        'select kind, by, reason from compose_event where compose_id = $1 and seq > 2 order by seq',
        [id],
      ),
  };
});

describe('A pinned compose', () => {
  it('is not removed, and the refusal names the pin', async ({ pins }) => {
    const id = await pins.compose();
    expect(await pins.pin(id, 'release 43')).toMatchObject({
      ok: true,
      value: {
        compose: { id, state: 'DONE', seq: 3 },
        pin: { name: 'release 43', owner: 'ann', expiresAt: null, createdAt: T0 },
      },
    });
    expect(await pins.remove(id, admin)).toMatchObject({
      ok: false,
      refusal: { code: 'CONFLICT', message: expect.stringContaining('release 43') as string },
    });
    expect(await pins.unpin(id, 'release 43', admin)).toMatchObject({ ok: true, value: { seq: 4, removingAt: null } });
    expect(await pins.remove(id, admin)).toMatchObject({ ok: true, value: { state: 'REMOVED' } });
    expect(await pins.eventsOf(id)).toMatchObject([
      { kind: 'PINNED', by: 'ann', reason: 'release 43' },
      { kind: 'UNPINNED', by: 'boss', reason: 'release 43' },
      { kind: 'REMOVAL_BEGUN', by: 'boss', reason: null },
      { kind: 'STATE_CHANGED', by: 'boss', reason: null },
    ]);
  });

  it('expires only after its last pin is deleted', async ({ pins }) => {
    const id = await pins.compose();
    for (const name of ['one', 'two']) await pins.pin(id, name);
    pins.setSeconds(100);
    await pins.expire();
    await pins.unpin(id, 'one');
    await pins.expire();
    expect([pins.trashed, await pins.stateOf(id)]).toEqual([[], 'DONE']);
    await pins.unpin(id, 'two');
    await pins.expire();
    expect([pins.trashed, await pins.stateOf(id)]).toEqual([[id], 'REMOVED']);
  });

  it('does not keep others from expiring, even if very many are pinned', async ({ pins }) => {
    await Promise.all(Array.from({ length: 110 }, async () => pins.pin(await pins.compose())));
    const id = await pins.compose({ expiresAt: secondsLater(11) });
    pins.setSeconds(100);
    await pins.expire();
    expect(pins.trashed).toEqual([id]);
  });

  it('keeps the files that it shares with an expired compose', async ({ pins }) => {
    const reused = await pins.compose();
    const reuser = await pins.compose({ reuses: reused });
    await pins.pin(reuser);
    pins.setSeconds(100);
    await pins.expire();
    expect([pins.trashed, await pins.stateOf(reused), await pins.stateOf(reuser)]).toEqual([[], 'REMOVED', 'DONE']);
    await pins.unpin(reuser);
    await pins.expire();
    expect(pins.trashed.toSorted()).toEqual([reused, reuser].toSorted());
  });

  it('is either pinned or removed when both are requested at the same time', async ({ pins }) => {
    for (let round = 0; round < 20; round += 1) {
      const id = await pins.compose();
      const [pin, removal] = await Promise.all([pins.pin(id), pins.remove(id)]);
      expect([pin.ok, removal.ok].filter(Boolean)).toHaveLength(1);
      expect(await pins.stateOf(id)).toBe(pin.ok ? 'DONE' : 'REMOVED');
    }
  });

  it('can be renewed', async ({ pins }) => {
    const id = await pins.compose();
    await pins.pin(id);
    const renewed = renewCompose({ ...pins.deps, requestRules: REQUEST_RULES }, ann, { id, secondsToLive: 60 });
    expect(await renewed).toMatchObject({ value: { regenerated: false, compose: { expiresAt: secondsLater(60) } } });
  });
});

describe('A pin with a time to live', () => {
  it('has no effect once it has expired, and a chore deletes it', async ({ pins }) => {
    const id = await pins.compose();
    await pins.pin(id, 'short', 50);
    pins.setSeconds(49);
    await pins.deleteExpired();
    await pins.expire();
    expect(await pins.listed([id])).toMatchObject([[{ name: 'short', expiresAt: secondsLater(50) }]]);
    pins.setSeconds(50);
    expect(await pins.listed([id])).toEqual([[]]);
    await pins.deleteExpired();
    expect((await pins.eventsOf(id)).at(-1)).toEqual({ kind: 'UNPINNED', by: 'system', reason: 'short' });
    await pins.expire();
    expect(pins.trashed).toEqual([id]);
  });

  it('does not keep others from being deleted if it cannot be deleted', async ({ pins, store }) => {
    const [stuck, other] = [await pins.compose(), await pins.compose()];
    for (const id of [stuck, other]) await pins.pin(id, 'short', 50);
    pins.setSeconds(50);
    const lock = (tx: ComposeTransaction) => async (id: string) => {
      if (id === stuck) throw new Error('The row cannot be locked');
      return tx.lock(id);
    };
    const breaking: ComposeStore = {
      ...store,
      transaction: (work) => store.transaction((tx) => work({ ...tx, lock: lock(tx) })),
    };
    await pins.deleteExpired(breaking);
    expect(await store.pinsOf([other, stuck], T0, READ_ALL)).toMatchObject([[], [{ name: 'short' }]]);
    await pins.deleteExpired();
  });

  it('does not delay a removal once it has expired', async ({ pins }) => {
    const id = await pins.compose();
    await pins.pin(id, 'short', 5);
    pins.setSeconds(6);
    expect(await pins.remove(id)).toMatchObject({ ok: true, value: { state: 'REMOVED' } });
    expect((await pins.eventsOf(id)).map(({ kind }) => kind)).toEqual([
      'PINNED',
      'UNPINNED',
      'REMOVAL_BEGUN',
      'STATE_CHANGED',
    ]);
  });

  it('counts from now when it replaces a pin of the same name, and keeps the creation time', async ({ pins }) => {
    const id = await pins.compose();
    await pins.pin(id, 'same', 5);
    pins.setSeconds(3);
    expect(await pins.pin(id, 'same', 9, admin)).toMatchObject({
      value: { pin: { owner: 'boss', expiresAt: secondsLater(12), createdAt: T0 } },
    });
    expect((await pins.listed([id]))[0]).toHaveLength(1);
  });
});

describe('pinCompose', () => {
  it('accepts a compose that has or will have results', async ({ pins }) => {
    for (const state of ['WAIT', 'GENERATING', 'DONE'] as const)
      expect(await pins.pin(await pins.compose({ state }))).toMatchObject({ ok: true });
  });

  it.for([{ state: 'FAILED' }, { state: 'REMOVED', removingAt: T0 }, { state: 'DONE', removingAt: T0 }] as const)(
    'refuses a compose without results: %o',
    async (lifecycle, { pins }) => {
      expect(await pins.pin(await pins.compose(lifecycle))).toMatchObject({ refusal: { code: 'CONFLICT' } });
    },
  );

  it('is for owners and administrators', async ({ pins }) => {
    const id = await pins.compose();
    expect(await pins.pin(id, 'x', undefined, aViewer('eve'))).toMatchObject({ refusal: { code: 'FORBIDDEN' } });
    expect(await pins.unpin(id, 'x', aViewer('eve'))).toMatchObject({ refusal: { code: 'FORBIDDEN' } });
  });

  it('refuses unknown composes and pins', async ({ pins }) => {
    expect(await pins.pin('99999')).toMatchObject({ refusal: { code: 'NOT_FOUND' } });
    expect(await pins.unpin(await pins.compose())).toMatchObject({ refusal: { code: 'NOT_FOUND' } });
  });

  it('refuses names and times to live that are not valid', async ({ pins }) => {
    const id = await pins.compose();
    for (const name of ['', ' ', 'x'.repeat(101), 'a\nb', 'é', '<b>'])
      expect(await pins.pin(id, name)).toMatchObject({
        refusal: { code: 'INVALID_INPUT', fields: [{ path: 'input.name' }] },
      });
    expect(await pins.pin(id, 'x', 0)).toMatchObject({ refusal: { fields: [{ path: 'input.secondsToLive' }] } });
  });

  it('refuses more pins than a compose may have, but replaces one of them', async ({ pins }) => {
    const id = await pins.compose();
    for (let n = 0; n < MAX_PINS; n += 1) await pins.pin(id, `pin ${n}`);
    expect(await pins.pin(id, 'one more')).toMatchObject({ refusal: { code: 'CONFLICT' } });
    expect(await pins.pin(id, 'pin 7')).toMatchObject({ ok: true });
  });
});
