// What the use cases rely on when they insert, change and lock composes.

import { describe, expect } from 'vitest';
import { IdempotencyKeyTaken, PungiComposeIdTaken, ReusableTaken } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { failure } from '../../src/compose/failure.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { T0 } from '../support/composes.ts';
import { databaseTest as it } from '../support/fixtures.ts';
import { changed, IMPOSSIBLE_IDS, inserted, storedCompose } from '../support/stored-compose.ts';

const NOTE = { kind: 'STATE_CHANGED', at: T0, by: 'a test', reason: null } as const;

describe('insert', () => {
  it('stores every field of a compose', async ({ store }) => {
    const compose = await inserted(store, {
      owner: "o'brien",
      source: { type: 'REPO', repo: '/srv/späß', packages: ['glibc', '*'], revisions: null },
      flags: ['NO_DEPS'],
      sigkeys: ['', 'abcd"{}\\'],
      multilibArches: ['x86_64'],
      multilibMethods: ['DEVEL'],
      label: 'RC-1.0',
      respinOf: 'x-1',
      submittedAt: new Date('2026-11-22T23:59:59.999Z'),
    });
    expect(await store.find(compose.id, READ_ALL)).toEqual(compose);
    expect(await store.findMany([compose.id], READ_ALL)).toEqual([compose]);
  });

  it('stores its idempotency key, one per owner and mutation', async ({ store }) => {
    const key = { owner: 'me', mutation: 'createCompose', key: 'k' } as const;
    const { id } = await inserted(store, {}, { ...key, digest: 'd' });
    expect(await store.findByIdempotencyKey(key)).toEqual({ composeId: id, digest: 'd' });
    expect(await store.findByIdempotencyKey({ ...key, owner: 'you' })).toBeNull();
    expect(await store.findByIdempotencyKey({ ...key, mutation: 'renewCompose' })).toBeNull();
  });

  it('fails with IdempotencyKeyTaken in all but one of many transactions with the same key', async ({ store }) => {
    const key = { owner: 'me', mutation: 'createCompose', key: 'raced', digest: 'd' } as const;
    const inserting = Array.from({ length: 8 }, () => inserted(store, { owner: 'racer' }, key));
    const outcomes = await Promise.allSettled(inserting);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    expect(reasons.every((reason) => reason instanceof IdempotencyKeyTaken)).toBe(true);
    expect((await store.count({ owners: ['racer'] }, READ_ALL)).count).toBe(1);
  });
});

describe('storeIdempotency', () => {
  it('fails with IdempotencyKeyTaken if the key is stored', async ({ store }) => {
    const key = { owner: 'me', mutation: 'renewCompose', key: 'remembered', digest: 'd' } as const;
    const { id } = await inserted(store);
    await store.transaction((tx) => tx.storeIdempotency(key, id));
    expect(await store.findByIdempotencyKey(key)).toEqual({ composeId: id, digest: 'd' });
    await expect(store.transaction((tx) => tx.storeIdempotency(key, id))).rejects.toThrow(IdempotencyKeyTaken);
  });
});

describe('find', () => {
  it('returns null for an unknown id and for a string that cannot be an id', async ({ store }) => {
    const { id } = await inserted(store);
    const found = await store.findMany(['999999999', id, ...IMPOSSIBLE_IDS], READ_ALL);
    expect(found.map((compose) => compose?.id ?? null)).toEqual([null, id, ...IMPOSSIBLE_IDS.map(() => null)]);
    for (const impossible of IMPOSSIBLE_IDS) {
      expect(await store.find(impossible, READ_ALL)).toBeNull();
      expect(await store.transaction((tx) => tx.lock(impossible))).toBeNull();
    }
  });
});

describe('save', () => {
  it('returns the compose as it is stored', async ({ store }) => {
    const { id } = await inserted(store);
    const next = {
      state: 'FAILED',
      stateReason: 'broke',
      failure: failure('ENGINE_FAILED', 'broke', 'lines'),
      attempt: 1,
      doneAt: T0,
    } as const;
    const patch = {
      source: { type: 'REPO', repo: '/other', packages: [], revisions: ['1'] },
      pungiComposeId: `p-${id}`,
      pungiConfigDump: '{}',
    } as const;
    const saved = await changed(store, id, next, { patch });
    expect(saved).toMatchObject({ ...next, ...patch, seq: 2 });
    expect(await store.find(id, READ_ALL)).toEqual(saved);
    expect((await store.page(bySource('/other'), READ_ALL)).items).toEqual([saved]);
  });

  it('sets fields to null, those of a patch included', async ({ store }) => {
    const reused = await inserted(store);
    const { id } = await storedCompose(
      store,
      { state: 'GENERATING', startedAt: T0, reuses: reused.id },
      { digest: 'd' },
    );
    const saved = await changed(store, id, { startedAt: null, reuses: null }, { patch: { digest: null } });
    expect(saved).toMatchObject({ startedAt: null, reuses: null, digest: null });
    expect(await store.find(id, READ_ALL)).toEqual(saved);
  });

  it('leaves columns alone that do not change', async ({ server, store }) => {
    const { id } = await inserted(store, { label: 'RC-1.0' });
    await store.transaction(async (tx) => {
      const compose = await tx.lock(id);
      const stale = compose && { ...compose, label: 'stale' };
      if (stale) await tx.save(stale, { ...stale, losses: 1 }, NOTE);
    });
    expect(await server.query('select label, losses from compose where id = $1', [id])).toEqual([
      { label: 'RC-1.0', losses: 1 },
    ]);
  });

  it('rejects a compose that was not locked', async ({ store }) => {
    const stale = await inserted(store);
    await changed(store, stale.id, { stateReason: 'changed' });
    await expect(store.transaction((tx) => tx.save(stale, stale, NOTE))).rejects.toThrow(/lock/);
    expect((await store.find(stale.id, READ_ALL))?.seq).toBe(2);
  });

  it('fails with ReusableTaken if another compose with the digest is being generated', async ({ store }) => {
    await storedCompose(store, { state: 'GENERATING' }, { digest: 'taken' });
    const { id } = await inserted(store);
    const second = changed(store, id, { state: 'GENERATING' }, { patch: { digest: 'taken' } });
    await expect(second).rejects.toThrow(ReusableTaken);
  });
});

describe('patch', () => {
  it('stores fields without an event, and sets them to null', async ({ store }) => {
    const compose = await inserted(store);
    const patched = await store.transaction((tx) => tx.patch(compose, { engineName: 'dnf', sigkeys: ['a'] }));
    expect(patched).toEqual({ ...compose, engineName: 'dnf', sigkeys: ['a'] });
    expect(await store.find(compose.id, READ_ALL)).toEqual(patched);
    await store.transaction((tx) => tx.patch(patched, { engineName: null }));
    expect(await store.find(compose.id, READ_ALL)).toEqual({ ...patched, engineName: null });
  });

  it('fails with PungiComposeIdTaken if another compose has the Pungi compose id', async ({ store }) => {
    const [one, other] = [await inserted(store), await inserted(store)];
    const pungiComposeId = 'odcs-x-1-20261122.t.0';
    await store.transaction((tx) => tx.patch(one, { pungiComposeId }));
    await expect(store.transaction((tx) => tx.patch(other, { pungiComposeId }))).rejects.toThrow(PungiComposeIdTaken);
  });
});

describe('lock', () => {
  it('waits for the transaction that holds the lock, and returns what it committed', async ({ server, store }) => {
    const { id } = await inserted(store);
    const held = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const first = store.transaction(async (tx) => {
      const compose = await tx.lock(id);
      locked.resolve();
      await held.promise;
      if (compose) await tx.save(compose, { ...compose, stateReason: 'first' }, NOTE);
    });
    await locked.promise;
    const second = store.transaction((tx) => tx.lock(id));
    const waiting = () =>
      server.query("select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
    await expect.poll(waiting).toHaveLength(1);
    held.resolve();
    await first;
    expect((await second)?.stateReason).toBe('first');
  });

  it('does not fail either of two transactions that deadlock', async ({ store }) => {
    const [one, other] = [await inserted(store), await inserted(store)];
    const both = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const crossing = (index: number, order: readonly Compose[]) =>
      store.transaction(async (tx) => {
        for (const { id } of order) {
          const compose = await tx.lock(id);
          both[index]?.resolve();
          await both[1 - index]?.promise;
          if (compose) await tx.save(compose, compose, NOTE);
        }
      });
    await Promise.all([crossing(0, [one, other]), crossing(1, [other, one])]);
    const found = await store.findMany([one.id, other.id], READ_ALL);
    expect(found.map((compose) => compose?.seq)).toEqual([3, 3]);
  });
});

function bySource(source: string) {
  return {
    filter: { source },
    orderBy: { field: 'ID', direction: 'ASC' },
    limit: 10,
    backwards: false,
  } as const;
}
