// Renewing on a real PostgreSQL: through two processes, with all that shares a result, and exactly once.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCompose } from '../../src/app/create-compose.ts';
import type { ComposeStore } from '../../src/app/ports.ts';
import { renewCompose, type RenewComposeDeps } from '../../src/app/renew-compose.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { failure } from '../../src/compose/failure.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { aViewer, REQUEST_RULES } from '../support/request-rules.ts';

const now = new Date(T0.getTime() + 1_000_000);
const ann = aViewer('ann');
const sent: string[] = [];
let test: TestDatabase;
let databases: Database[];
let one: RenewComposeDeps;
let two: RenewComposeDeps;
let store: ComposeStore;

beforeAll(async () => {
  test = await createTestDatabase();
  databases = [await openTestDatabase(test), await openTestDatabase(test)];
  const process = (database: Database): RenewComposeDeps => ({
    store: composeStore(database, {
      send: async (_run, { id }) => void sent.push(id),
    }),
    clock: { now: () => now },
    requestRules: REQUEST_RULES,
    rules: { maxLosses: 3 },
  });
  [one, two] = databases.map(process) as [RenewComposeDeps, RenewComposeDeps];
  store = one.store;
});
afterAll(async () => {
  for (const database of databases) await database.close();
  await test.drop();
});

async function existing(overrides: Partial<Compose>): Promise<Compose> {
  return store.transaction(async (tx) => {
    const inserted = await tx.insert(aCompose({ owner: 'ann', ...overrides }), null);
    const next = { ...inserted, ...overrides, id: inserted.id };
    return tx.save(
      inserted,
      next,
      { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null },
      { pungiComposeId: overrides.pungiComposeId ?? `pungi-${inserted.id}` },
    );
  });
}
const done = (overrides: Partial<Compose> = {}) =>
  existing({ state: 'DONE', doneAt: T0, expiresAt: new Date(now.getTime() + 1_000), ...overrides });
const after = (seconds: number) => new Date(now.getTime() + seconds * 1_000);

function eventsOf(id: string): Promise<readonly { kind: string; seq: number; by: string }[]> {
  return test.query('select kind, seq, by from compose_event where compose_id = $1 order by seq', [id]);
}

describe('a compose that is DONE', () => {
  it('gets more time, with an event that says so', async () => {
    const { id } = await done();
    expect(await renewCompose(one, ann, { id, secondsToLive: 600 })).toMatchObject({
      ok: true,
      value: { regenerated: false, compose: { id, expiresAt: after(600), state: 'DONE' } },
    });
    expect((await eventsOf(id)).at(-1)).toEqual({ kind: 'RENEWED', seq: 3, by: 'ann' });
    expect((await store.find(id, READ_ALL))?.expiresAt).toEqual(after(600));
  });

  it('never gets less', async () => {
    const { id } = await done({ expiresAt: after(9_000) });
    expect(await renewCompose(one, ann, { id, secondsToLive: 5 })).toMatchObject({
      value: { compose: { expiresAt: after(9_000) } },
    });
  });

  it('gets it with the one that it shares, and with those that share it, and with nobody else', async () => {
    const root = await done();
    const [renewed, sibling] = [await done({ reuses: root.id }), await done({ reuses: root.id })];
    await renewCompose(one, ann, { id: renewed.id, secondsToLive: 700 });
    const expiry = async (id: string) => (await store.find(id, READ_ALL))?.expiresAt;
    expect([await expiry(root.id), await expiry(renewed.id), await expiry(sibling.id)]).toEqual([
      after(700),
      after(700),
      after(1),
    ]);
    expect((await eventsOf(root.id)).at(-1)?.kind).toBe('RENEWED');
    await renewCompose(one, ann, { id: root.id, secondsToLive: 800 });
    expect([await expiry(root.id), await expiry(renewed.id), await expiry(sibling.id)]).toEqual([
      after(800),
      after(800),
      after(800),
    ]);
  });

  it('is renewed together with what it shares by many at once, none of whom waits for ever', async () => {
    const root = await done();
    const sharers = await Promise.all([1, 2, 3, 4, 5].map(() => done({ reuses: root.id })));
    const family = [root, ...sharers];
    const renewals = Array.from({ length: 60 }, (_, index) =>
      renewCompose(index % 2 === 0 ? one : two, ann, {
        id: family[index % family.length]?.id ?? '',
        secondsToLive: 100 + index,
      }),
    );
    expect((await Promise.all(renewals)).every(({ ok }) => ok)).toBe(true);
    for (const { id } of family)
      expect((await eventsOf(id)).map(({ seq }) => seq)).toEqual((await eventsOf(id)).map((_, index) => index + 1));
    expect((await store.find(root.id, READ_ALL))?.expiresAt).toEqual(after(159));
  });

  it('waits for its turn in the order in which all lock them, holding nothing that others may need first', async () => {
    const root = await done();
    const sharer = await done({ reuses: root.id });
    const waits = async () =>
      (
        await test.query(
          "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
      ).length;
    let renewing: ReturnType<typeof renewCompose> | undefined;
    await two.store.transaction(async (tx) => {
      await tx.lock(root.id);
      renewing = renewCompose(one, ann, { id: sharer.id, secondsToLive: 600 });
      await expect.poll(waits).toBeGreaterThan(0);
      expect(await test.query('select 1 from compose where id = $1 for update nowait', [sharer.id])).toHaveLength(1);
    });
    expect(await renewing).toMatchObject({ ok: true });
  });

  it('is made again where something else is asked for', async () => {
    const { id, pungiComposeId } = await done({ sigkeys: ['aa'] });
    const renewed = await renewCompose(one, ann, { id, sigkeys: ['bb'] });
    expect(renewed).toMatchObject({
      ok: true,
      value: { regenerated: true, compose: { state: 'WAIT', sigkeys: ['bb'], owner: 'ann', respinOf: pungiComposeId } },
    });
    expect((await store.find(id, READ_ALL))?.expiresAt).toEqual(after(1));
  });

  it('is left alone while it is being removed', async () => {
    const { id } = await done({ removingAt: T0 });
    for (const sigkeys of [undefined, ['bb']])
      expect(await renewCompose(one, ann, { id, sigkeys })).toMatchObject({ ok: false, refusal: { code: 'CONFLICT' } });
  });
});

describe('a compose whose files are gone, or never were', () => {
  const TAG = {
    type: 'TAG',
    tag: 'f43',
    kojiEvent: 77,
    packages: [],
    builds: [],
    scratchBuildTasks: [],
    modularTags: [],
    moduleDefaults: null,
  } as const;

  it('is made again at the same event, for whoever asks, and put in the queue', async () => {
    for (const state of ['FAILED', 'REMOVED'] as const) {
      const old = await existing({
        state,
        source: TAG,
        removingAt: state === 'REMOVED' ? T0 : null,
        failure: failure('ENGINE_FAILED', 'x'),
      });
      const renewed = await renewCompose(one, aViewer('boss', { isAdmin: true }), { id: old.id });
      expect(renewed).toMatchObject({
        value: {
          regenerated: true,
          compose: { source: TAG, owner: 'boss', respinOf: old.pungiComposeId, expiresAt: after(86_400) },
        },
      });
      if (!renewed.ok) throw new Error('refused');
      expect(sent).toContain(renewed.value.compose.id);
      expect(await eventsOf(renewed.value.compose.id)).toMatchObject([{ kind: 'STATE_CHANGED', seq: 1, by: 'boss' }]);
    }
  });

  it('that shared is a respin of the one that was generated', async () => {
    const root = await existing({ state: 'REMOVED', removingAt: T0, pungiComposeId: 'the-root' });
    const sharer = await store.transaction(async (tx) => {
      const inserted = await tx.insert(aCompose({ owner: 'ann' }), null);
      return tx.save(
        inserted,
        { ...inserted, state: 'REMOVED', reuses: root.id, removingAt: T0 },
        { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null },
      );
    });
    expect(await renewCompose(one, ann, { id: sharer.id })).toMatchObject({
      value: { compose: { respinOf: 'the-root' } },
    });
  });
});

describe('a renewal that is refused', () => {
  it('changes nothing: unfinished, unknown, somebody else’s, malformed', async () => {
    const waiting = await existing({ state: 'WAIT' });
    const finished = await done();
    const refusals = [
      [waiting.id, ann, {}, 'CONFLICT'],
      [(await existing({ state: 'GENERATING' })).id, ann, {}, 'CONFLICT'],
      ['999999', ann, {}, 'NOT_FOUND'],
      [finished.id, aViewer('eve'), {}, 'FORBIDDEN'],
      [finished.id, ann, { modules: ['m:1'] }, 'BAD_USER_INPUT'],
      [finished.id, ann, { secondsToLive: 0 }, 'BAD_USER_INPUT'],
    ] as const;
    for (const [id, viewer, input, code] of refusals)
      expect(await renewCompose(one, viewer, { id, ...input })).toMatchObject({ ok: false, refusal: { code } });
    expect(await eventsOf(finished.id)).toHaveLength(2);
  });

  it('needs the rights to what is made again', async () => {
    const { id } = await existing({ state: 'FAILED', targetDir: 'private' });
    const viewer = aViewer('ann', { may: { ...ann.may, targetDirs: ['default'] } });
    expect(await renewCompose(one, viewer, { id })).toMatchObject({ refusal: { code: 'FORBIDDEN' } });
  });
});

describe('a renewal with an idempotency key', () => {
  it('is done once, however often and through whichever process it is asked for', async () => {
    for (const compose of [await done(), await existing({ state: 'FAILED' })]) {
      const input = { id: compose.id, idempotencyKey: `key-${compose.id}`, secondsToLive: 500 };
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, index) => renewCompose(index % 2 === 0 ? one : two, ann, input)),
      );
      const values = answers.map((answer) =>
        answer.ok ? [answer.value.compose.id, answer.value.regenerated] : answer.refusal,
      );
      expect(new Set(values.map((value) => JSON.stringify(value))).size).toBe(1);
      expect(values[0]).toEqual([compose.state === 'DONE' ? compose.id : expect.any(String), compose.state !== 'DONE']);
      const renewals = (await eventsOf(compose.id)).filter(({ kind }) => kind === 'RENEWED');
      expect(renewals).toHaveLength(compose.state === 'DONE' ? 1 : 0);
      const [row] = await test.query<{ count: string }>('select count(*) from compose where idempotency_key = $1', [
        input.idempotencyKey,
      ]);
      expect(row?.count).toBe(compose.state === 'DONE' ? '0' : '1');
    }
  });

  it('gives the same answer after a crash between commit and answer, and when the compose has moved on', async () => {
    const { id } = await existing({ state: 'FAILED' });
    const input = { id, idempotencyKey: 'crash' };
    const first = await renewCompose(one, ann, input);
    if (!first.ok) throw new Error('refused');
    await store.transaction(async (tx) => {
      const fresh = await tx.lock(first.value.compose.id);
      if (fresh)
        await tx.save(fresh, { ...fresh, state: 'FAILED' }, { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null });
    });
    expect(await renewCompose(two, ann, input)).toMatchObject({
      value: { regenerated: true, compose: { id: first.value.compose.id, state: 'FAILED' } },
    });
  });

  it('is a CONFLICT for another input, and another thing than the same key of createCompose', async () => {
    const { id } = await done();
    await renewCompose(one, ann, { id, idempotencyKey: 'twice', secondsToLive: 10 });
    expect(await renewCompose(two, ann, { id, idempotencyKey: 'twice', secondsToLive: 11 })).toMatchObject({
      refusal: { code: 'CONFLICT' },
    });
    const created = await createCompose({ ...one, rules: REQUEST_RULES }, ann, {
      source: { repo: { repo: '/srv/r' } },
      idempotencyKey: 'twice',
    });
    expect(created).toMatchObject({ ok: true, value: { replayed: false } });
  });
});
