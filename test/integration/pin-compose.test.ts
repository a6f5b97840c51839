// Pins on a real PostgreSQL: what is pinned stays, whatever the clock and whoever says, and pins end by the clock.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expireComposes } from '../../src/app/expire-composes.ts';
import { pinCompose, unpinCompose, unpinExpired } from '../../src/app/pin-compose.ts';
import type { ComposeStore, ComposeTransaction } from '../../src/app/ports.ts';
import { removeCompose } from '../../src/app/remove-compose.ts';
import { renewCompose } from '../../src/app/renew-compose.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { MAX_PINS } from '../../src/compose/pin.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { silentLogger } from '../support/logger.ts';
import { aViewer, REQUEST_RULES } from '../support/request-rules.ts';

const ann = aViewer('ann');
const boss = aViewer('boss', { isAdmin: true });
const rules = { maxLosses: 3 };
let now = T0;
let removed: string[] = [];
let test: TestDatabase;
let database: Database;
let store: ComposeStore;

beforeAll(async () => {
  test = await createTestDatabase();
  database = await openTestDatabase(test);
  store = composeStore(database, noQueue);
});
afterAll(async () => {
  await database.close();
  await test.drop();
});
beforeEach(() => {
  now = T0;
  removed = [];
});

const clock = { now: () => now };
const later = (seconds: number) => new Date(T0.getTime() + seconds * 1_000);
const results = {
  trashCompose: async ({ id }: Compose) => void removed.push(id),
  latestComposeIds: async () => new Set<string>(),
  reachableTargets: async () => ['default'],
};
const pinning = () => ({ store, clock, rules, logger: silentLogger });
const removing = () => ({ store, clock, rules, maxWaitSeconds: 1e6, logger: silentLogger, results });

async function existing(overrides: Partial<Compose> = {}): Promise<string> {
  return store.transaction(async (tx) => {
    const inserted = await tx.insert(aCompose({ owner: 'ann' }), null);
    const next = { ...inserted, state: 'DONE', doneAt: T0, expiresAt: later(10), ...overrides } as const;
    return (await tx.save(inserted, next, { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null })).id;
  });
}

function eventsOf(id: string): Promise<readonly { kind: string; by: string; reason: string | null }[]> {
  return test.query('select kind, by, reason from compose_event where compose_id = $1 and seq > 2 order by seq', [id]);
}

describe('what is pinned', () => {
  it('is not removed by anybody, and the pin in the way is named', async () => {
    const id = await existing();
    expect(await pinCompose(pinning(), ann, { id, name: 'release 43' })).toMatchObject({
      ok: true,
      value: {
        compose: { id, state: 'DONE', seq: 3 },
        pin: { name: 'release 43', owner: 'ann', expiresAt: null, createdAt: T0 },
      },
    });
    expect(await removeCompose(removing(), boss, { id, reason: null })).toMatchObject({
      ok: false,
      refusal: { code: 'CONFLICT', message: expect.stringContaining('release 43') as string },
    });
    expect((await store.find(id, READ_ALL))?.removingAt).toBeNull();
    expect(await unpinCompose(pinning(), boss, { id, name: 'release 43' })).toMatchObject({
      ok: true,
      value: { seq: 4 },
    });
    expect(await removeCompose(removing(), boss, { id, reason: null })).toMatchObject({
      ok: true,
      value: { state: 'REMOVED' },
    });
    expect(await eventsOf(id)).toMatchObject([
      { kind: 'PINNED', by: 'ann', reason: 'release 43' },
      { kind: 'UNPINNED', by: 'boss', reason: 'release 43' },
      { kind: 'REMOVAL_BEGUN', by: 'boss', reason: null },
      { kind: 'STATE_CHANGED' },
    ]);
  });

  it('does not expire; it does as soon as the last pin is gone', async () => {
    const id = await existing();
    for (const name of ['one', 'two']) await pinCompose(pinning(), ann, { id, name });
    now = later(100);
    await expireComposes(removing());
    await unpinCompose(pinning(), ann, { id, name: 'one' });
    await expireComposes(removing());
    expect([removed, (await store.find(id, READ_ALL))?.state]).toEqual([[], 'DONE']);
    await unpinCompose(pinning(), ann, { id, name: 'two' });
    await expireComposes(removing());
    expect([removed, (await store.find(id, READ_ALL))?.state]).toEqual([[id], 'REMOVED']);
  });

  it('holds up nothing else that has expired, however much is pinned', async () => {
    await Promise.all(
      Array.from({ length: 110 }, async () => pinCompose(pinning(), ann, { id: await existing(), name: 'kept' })),
    );
    const id = await existing({ expiresAt: later(11) });
    now = later(100);
    await expireComposes(removing());
    expect(removed).toEqual([id]);
  });

  it('keeps the files that it shares with one that goes', async () => {
    const root = await existing();
    const sharer = await existing({ reuses: root });
    await pinCompose(pinning(), ann, { id: sharer, name: 'kept' });
    now = later(100);
    await expireComposes(removing());
    expect([removed, (await store.find(root, READ_ALL))?.state, (await store.find(sharer, READ_ALL))?.state]).toEqual([
      [],
      'REMOVED',
      'DONE',
    ]);
    await unpinCompose(pinning(), ann, { id: sharer, name: 'kept' });
    await expireComposes(removing());
    expect(removed.toSorted()).toEqual([root, sharer].toSorted());
  });

  it('is either pinned or removed when both are asked for at once', async () => {
    for (let round = 0; round < 20; round += 1) {
      const id = await existing();
      const [pin, removal] = await Promise.all([
        pinCompose(pinning(), ann, { id, name: 'race' }),
        removeCompose(removing(), ann, { id, reason: null }),
      ]);
      expect([pin.ok, removal.ok].filter(Boolean)).toHaveLength(1);
      expect((await store.find(id, READ_ALL))?.state).toBe(pin.ok ? 'DONE' : 'REMOVED');
    }
  });
});

describe('a pin', () => {
  it('that has an end counts no more from then on, and the system takes it away', async () => {
    const id = await existing();
    await pinCompose(pinning(), ann, { id, name: 'short', secondsToLive: 50 });
    now = later(49);
    await unpinExpired(pinning());
    await expireComposes(removing());
    expect(await store.pinsOf([id], now, READ_ALL)).toMatchObject([[{ name: 'short', expiresAt: later(50) }]]);
    now = later(50);
    expect(await store.pinsOf([id], now, READ_ALL)).toEqual([[]]);
    await unpinExpired(pinning());
    expect((await eventsOf(id)).at(-1)).toEqual({ kind: 'UNPINNED', by: 'system', reason: 'short' });
    await expireComposes(removing());
    expect(removed).toEqual([id]);
  });

  it('that cannot be ended keeps no other from its end', async () => {
    const [stuck, next] = [await existing(), await existing()];
    for (const id of [stuck, next]) await pinCompose(pinning(), ann, { id, name: 'short', secondsToLive: 50 });
    now = later(50);
    const lock = (tx: ComposeTransaction) => async (id: string) => {
      if (id === stuck) throw new Error('out of order');
      return tx.lock(id);
    };
    const breaking: ComposeStore = {
      ...store,
      transaction: (work) => store.transaction((tx) => work({ ...tx, lock: lock(tx) })),
    };
    await unpinExpired({ ...pinning(), store: breaking });
    expect(await store.pinsOf([next, stuck], T0, READ_ALL)).toMatchObject([[], [{ name: 'short' }]]);
    await unpinExpired(pinning());
  });

  it('that has ended holds up no removal, even before the sweep has seen it', async () => {
    const id = await existing();
    await pinCompose(pinning(), ann, { id, name: 'short', secondsToLive: 5 });
    now = later(6);
    expect(await removeCompose(removing(), ann, { id, reason: null })).toMatchObject({
      ok: true,
      value: { state: 'REMOVED' },
    });
    expect((await eventsOf(id)).map(({ kind }) => kind)).toEqual([
      'PINNED',
      'UNPINNED',
      'REMOVAL_BEGUN',
      'STATE_CHANGED',
    ]);
  });

  it('of the same name is refreshed, and stays as old as it is', async () => {
    const id = await existing();
    await pinCompose(pinning(), ann, { id, name: 'same', secondsToLive: 5 });
    now = later(3);
    expect(await pinCompose(pinning(), boss, { id, name: 'same', secondsToLive: 9 })).toMatchObject({
      value: { pin: { owner: 'boss', expiresAt: later(12), createdAt: T0 } },
    });
    expect(await store.pinsOf([id], now, READ_ALL)).toHaveLength(1);
  });

  it('may be there before the compose is, and needs one that there is something of', async () => {
    for (const state of ['WAIT', 'GENERATING', 'DONE'] as const)
      expect(await pinCompose(pinning(), ann, { id: await existing({ state }), name: 'x' })).toMatchObject({
        ok: true,
      });
    for (const lifecycle of [
      { state: 'FAILED' },
      { state: 'REMOVED', removingAt: T0 },
      { state: 'DONE', removingAt: T0 },
    ] as const) {
      expect(await pinCompose(pinning(), ann, { id: await existing(lifecycle), name: 'x' })).toMatchObject({
        refusal: { code: 'CONFLICT' },
      });
    }
  });

  it('is for owners and administrators, of known composes, by a name that can be read, and not without number', async () => {
    const id = await existing();
    expect(await pinCompose(pinning(), aViewer('eve'), { id, name: 'x' })).toMatchObject({
      refusal: { code: 'FORBIDDEN' },
    });
    expect(await unpinCompose(pinning(), aViewer('eve'), { id, name: 'x' })).toMatchObject({
      refusal: { code: 'FORBIDDEN' },
    });
    expect(await pinCompose(pinning(), ann, { id: '99999', name: 'x' })).toMatchObject({
      refusal: { code: 'NOT_FOUND' },
    });
    expect(await unpinCompose(pinning(), ann, { id, name: 'x' })).toMatchObject({ refusal: { code: 'NOT_FOUND' } });
    for (const name of ['', ' ', 'x'.repeat(101), 'a\nb', 'é', '<b>'])
      expect(await pinCompose(pinning(), ann, { id, name })).toMatchObject({
        refusal: { code: 'BAD_USER_INPUT', fields: [{ path: 'input.name' }] },
      });
    expect(await pinCompose(pinning(), ann, { id, name: 'x', secondsToLive: 0 })).toMatchObject({
      refusal: { fields: [{ path: 'input.secondsToLive' }] },
    });
    for (let n = 0; n < MAX_PINS; n += 1) await pinCompose(pinning(), ann, { id, name: `pin ${n}` });
    expect(await pinCompose(pinning(), ann, { id, name: 'one more' })).toMatchObject({ refusal: { code: 'CONFLICT' } });
    expect(await pinCompose(pinning(), ann, { id, name: 'pin 7' })).toMatchObject({ ok: true });
  });

  it('does not hold up a renewal', async () => {
    const id = await existing();
    await pinCompose(pinning(), ann, { id, name: 'x' });
    expect(
      await renewCompose({ ...pinning(), requestRules: REQUEST_RULES }, ann, { id, secondsToLive: 60 }),
    ).toMatchObject({ value: { regenerated: false, compose: { expiresAt: later(60) } } });
  });
});
