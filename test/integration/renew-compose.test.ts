// Renewals through two processes.

import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { createCompose } from '../../src/app/create-compose.ts';
import type { ComposeStore } from '../../src/app/ports.ts';
import { renewCompose, type RenewComposeDeps } from '../../src/app/renew-compose.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { failure } from '../../src/compose/failure.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import { T0 } from '../support/composes.ts';
import { openTestDatabase } from '../support/database.ts';
import { databaseTest } from '../support/fixtures.ts';
import { aViewer, REQUEST_RULES } from '../support/request-rules.ts';
import { storedCompose } from '../support/stored-compose.ts';

const now = new Date(T0.getTime() + 1_000_000);
const ann = aViewer('ann');

function after(seconds: number): Date {
  return new Date(now.getTime() + seconds * 1_000);
}

/** `one`, `two`: processes. `sent`: the ids of the composes that were sent to the queue. `composes`: what is stored. */
const it = databaseTest
  .extend('sent', [] as string[])
  .extend('one', ({ database, sent }) => process(composeStore(database, queueOf(sent))))
  .extend('two', async ({ server, sent }, { onCleanup }) => {
    const second = await openTestDatabase(server);
    onCleanup(() => second.close());
    return process(composeStore(second, queueOf(sent)));
  })
  .extend('composes', ({ store, server }) => {
    const stored = (overrides: Partial<Compose>) =>
      storedCompose(
        store,
        { owner: 'ann', ...overrides },
        { pungiComposeId: overrides.pungiComposeId ?? randomUUID() },
      );
    return {
      stored,
      /** Expires a second after `now`. */
      done: (overrides: Partial<Compose> = {}) =>
        stored({ state: 'DONE', doneAt: T0, expiresAt: after(1), ...overrides }),
      find: (id: string) => store.find(id, READ_ALL),
      expiriesOf: async (composes: readonly Compose[]) =>
        (
          await store.findMany(
            composes.map(({ id }) => id),
            READ_ALL,
          )
        ).map((compose) => compose?.expiresAt),
      eventsOf: (id: string) =>
        server.query<{ kind: string; seq: number; by: string }>(
          'select kind, seq, by from compose_event where compose_id = $1 order by seq',
          [id],
        ),
    };
  });

function queueOf(sent: string[]) {
  return { send: async (_run: unknown, { id }: { readonly id: string }) => void sent.push(id) };
}

function process(store: ComposeStore): RenewComposeDeps {
  return { store, clock: { now: () => now }, requestRules: REQUEST_RULES, rules: { maxLosses: 3 } };
}

describe('Renewing a DONE compose', () => {
  it('extends its time to live, and stores an event', async ({ one, composes }) => {
    const { id } = await composes.done();
    expect(await renewCompose(one, ann, { id, secondsToLive: 600 })).toMatchObject({
      ok: true,
      value: { regenerated: false, compose: { id, expiresAt: after(600), state: 'DONE' } },
    });
    expect((await composes.eventsOf(id)).at(-1)).toEqual({ kind: 'RENEWED', seq: 3, by: 'ann' });
    expect((await composes.find(id))?.expiresAt).toEqual(after(600));
  });

  it('never shortens its time to live', async ({ one, composes }) => {
    const { id } = await composes.done({ expiresAt: after(9_000) });
    expect(await renewCompose(one, ann, { id, secondsToLive: 5 })).toMatchObject({
      value: { compose: { expiresAt: after(9_000) } },
    });
  });

  it('also extends the compose that it reuses, and its own reusers, and no other', async ({ one, composes }) => {
    const reused = await composes.done();
    const renewed = await composes.done({ reuses: reused.id });
    const sibling = await composes.done({ reuses: reused.id });
    const all = [reused, renewed, sibling];
    await renewCompose(one, ann, { id: renewed.id, secondsToLive: 700 });
    expect(await composes.expiriesOf(all)).toEqual([after(700), after(700), after(1)]);
    expect((await composes.eventsOf(reused.id)).at(-1)?.kind).toBe('RENEWED');
    await renewCompose(one, ann, { id: reused.id, secondsToLive: 800 });
    expect(await composes.expiriesOf(all)).toEqual([after(800), after(800), after(800)]);
  });

  it('does not deadlock when many requests renew composes that share a result', async ({ one, two, composes }) => {
    const reused = await composes.done();
    const reusers = await Promise.all([1, 2, 3, 4, 5].map(() => composes.done({ reuses: reused.id })));
    const all = [reused, ...reusers];
    const renewals = Array.from({ length: 60 }, (_, index) =>
      renewCompose(index % 2 === 0 ? one : two, ann, {
        id: all[index % all.length]?.id ?? '',
        secondsToLive: 100 + index,
      }),
    );
    expect((await Promise.all(renewals)).every(({ ok }) => ok)).toBe(true);
    for (const { id } of all) {
      const seqs = (await composes.eventsOf(id)).map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    }
    expect(await composes.expiriesOf([reused])).toEqual([after(159)]);
  });

  it('locks rows in the order of their ids, so that it holds no lock while it waits for an earlier row', async ({
    one,
    two,
    composes,
    server,
  }) => {
    const reused = await composes.done();
    const reuser = await composes.done({ reuses: reused.id });
    const lockWaits = async () =>
      (
        await server.query(
          "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
      ).length;
    let renewing: ReturnType<typeof renewCompose> | undefined;
    await two.store.transaction(async (tx) => {
      await tx.lock(reused.id);
      renewing = renewCompose(one, ann, { id: reuser.id, secondsToLive: 600 });
      await expect.poll(lockWaits).toBeGreaterThan(0);
      expect(await server.query('select 1 from compose where id = $1 for update nowait', [reuser.id])).toHaveLength(1);
    });
    expect(await renewing).toMatchObject({ ok: true });
  });

  it('generates it again if the renewal asks for other packages', async ({ one, composes }) => {
    const { id, pungiComposeId } = await composes.done({ sigkeys: ['aa'] });
    expect(await renewCompose(one, ann, { id, sigkeys: ['bb'] })).toMatchObject({
      ok: true,
      value: { regenerated: true, compose: { state: 'WAIT', sigkeys: ['bb'], owner: 'ann', respinOf: pungiComposeId } },
    });
    expect((await composes.find(id))?.expiresAt).toEqual(after(1));
  });

  it('is refused while it is being removed', async ({ one, composes }) => {
    const { id } = await composes.done({ removingAt: T0 });
    for (const sigkeys of [undefined, ['bb']])
      expect(await renewCompose(one, ann, { id, sigkeys })).toMatchObject({ ok: false, refusal: { code: 'CONFLICT' } });
  });
});

describe('Renewing a compose without files', () => {
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

  it.for(['FAILED', 'REMOVED'] as const)(
    'generates it again from the same event, for the viewer who asks, if it is %s',
    async (state, { one, composes, sent }) => {
      const old = await composes.stored({
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
      const id = renewed.ok ? renewed.value.compose.id : '';
      expect(sent).toContain(id);
      expect(await composes.eventsOf(id)).toMatchObject([{ kind: 'STATE_CHANGED', seq: 1, by: 'boss' }]);
    },
  );

  it('makes a respin of the compose that it reused', async ({ one, composes, store }) => {
    const reused = await composes.stored({ state: 'REMOVED', removingAt: T0, pungiComposeId: 'the-reused-one' });
    const reuser = await storedCompose(store, { owner: 'ann', state: 'REMOVED', reuses: reused.id, removingAt: T0 });
    expect(await renewCompose(one, ann, { id: reuser.id })).toMatchObject({
      value: { compose: { respinOf: 'the-reused-one' } },
    });
  });
});

describe('A refused renewal', () => {
  it('changes nothing, and has a code for its reason', async ({ one, composes }) => {
    const waiting = await composes.stored({ state: 'WAIT' });
    const generating = await composes.stored({ state: 'GENERATING' });
    const finished = await composes.done();
    const refusals = [
      [waiting.id, ann, {}, 'CONFLICT'],
      [generating.id, ann, {}, 'CONFLICT'],
      ['999999', ann, {}, 'NOT_FOUND'],
      [finished.id, aViewer('eve'), {}, 'FORBIDDEN'],
      [finished.id, ann, { modules: ['m:1'] }, 'INVALID_INPUT'],
      [finished.id, ann, { secondsToLive: 0 }, 'INVALID_INPUT'],
    ] as const;
    for (const [id, viewer, input, code] of refusals)
      expect(await renewCompose(one, viewer, { id, ...input })).toMatchObject({ ok: false, refusal: { code } });
    expect(await composes.eventsOf(finished.id)).toHaveLength(2);
  });

  it('is FORBIDDEN if the viewer may not request what would be generated', async ({ one, composes }) => {
    const { id } = await composes.stored({ state: 'FAILED', targetDir: 'private' });
    const viewer = aViewer('ann', { may: { ...ann.may, targetDirs: ['default'] } });
    expect(await renewCompose(one, viewer, { id })).toMatchObject({ refusal: { code: 'FORBIDDEN' } });
  });
});

describe('A renewal with an idempotency key', () => {
  it.for(['DONE', 'FAILED'] as const)(
    'happens once although two processes get it many times, of a compose that is %s',
    async (state, { one, two, composes, server }) => {
      const { id } = state === 'DONE' ? await composes.done() : await composes.stored({ state });
      const input = { id, idempotencyKey: `key-${id}`, secondsToLive: 500 };
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_, index) => renewCompose(index % 2 === 0 ? one : two, ann, input)),
      );
      const values = answers.map((answer) =>
        answer.ok ? [answer.value.compose.id, answer.value.regenerated] : answer.refusal,
      );
      const isExtended = state === 'DONE';
      expect(new Set(values.map((value) => JSON.stringify(value))).size).toBe(1);
      expect(values[0]).toEqual([isExtended ? id : expect.any(String), !isExtended]);
      const renewals = (await composes.eventsOf(id)).filter(({ kind }) => kind === 'RENEWED');
      expect(renewals).toHaveLength(isExtended ? 1 : 0);
      const created = await server.query('select from compose where idempotency_key = $1', [input.idempotencyKey]);
      expect(created).toHaveLength(isExtended ? 0 : 1);
    },
  );

  it('has the same answer after a crash before the answer, and after the new compose has changed', async ({
    one,
    two,
    composes,
    store,
  }) => {
    const { id } = await composes.stored({ state: 'FAILED' });
    const input = { id, idempotencyKey: 'crash' };
    const first = await renewCompose(one, ann, input);
    const createdId = first.ok ? first.value.compose.id : '';
    await store.transaction(async (tx) => {
      const created = await tx.lock(createdId);
      const note = { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null } as const;
      if (created) await tx.save(created, { ...created, state: 'FAILED' }, note);
    });
    expect(await renewCompose(two, ann, input)).toMatchObject({
      value: { regenerated: true, compose: { id: createdId, state: 'FAILED' } },
    });
  });

  it('is a CONFLICT with another input, and independent of the same key of createCompose', async ({
    one,
    two,
    composes,
  }) => {
    const { id } = await composes.done();
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
