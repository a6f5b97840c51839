import { describe, expect } from 'vitest';
import { changeCompose } from '../../src/app/change-compose.ts';
import type { Compose } from '../../src/compose/compose.ts';
import type { LifecycleEvent } from '../../src/compose/lifecycle-event.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { aCompose, everyEvent, SITUATIONS, T0 } from '../support/composes.ts';
import { databaseTest } from '../support/fixtures.ts';
import { storedCompose } from '../support/stored-compose.ts';

const at = new Date(T0.getTime() + 60_000);
const rules = { maxLosses: 3 };

/** `changes`: composes in any situation, and events that are sent to them. */
const it = databaseTest.extend('changes', async ({ store, server }) => {
  const reused = await storedCompose(store);
  return {
    /** Situations and events name no compose that is stored; this one is. */
    withReused<T extends object>(event: T): T {
      return 'reused' in event ? { ...event, reused: reused.id } : event;
    },
    stored: (situation: Compose) => storedCompose(store, { ...situation, reuses: situation.reuses && reused.id }),
    apply: (id: string, event: LifecycleEvent) =>
      store.transaction(async (tx) => {
        const locked = await tx.lock(id);
        return locked && changeCompose(tx, locked, { event, by: 'someone', reason: 'because' }, rules);
      }),
    eventsOf: (id: string) =>
      server.query<{ kind: string }>(
        'select seq, kind, from_state, to_state, by, reason from compose_event where compose_id = $1 order by seq',
        [id],
      ),
  };
});

describe('changeCompose', () => {
  it.for(Object.entries(SITUATIONS))(
    'accepts the events that a compose allows when it is %s, and stores one event for each',
    async ([, { compose, leads }], { changes, store }) => {
      for (const event of everyEvent(at, compose.attempt).map(changes.withReused)) {
        const before = await changes.stored(compose);
        const after = await changes.apply(before.id, event);
        const state = leads[event.type];
        expect(after?.state, event.type).toBe(state);
        const stored = await store.find(before.id, READ_ALL);
        const events = await changes.eventsOf(before.id);
        if (!state) {
          expect(stored).toEqual(before);
          expect(events).toHaveLength(2);
          continue;
        }
        expect(stored).toEqual(after);
        expect(events, event.type).toHaveLength(3);
        if (state !== compose.state)
          expect(events.at(-1)).toEqual({
            seq: 3,
            kind: 'STATE_CHANGED',
            from_state: compose.state,
            to_state: state,
            by: 'someone',
            reason: 'because',
          });
      }
    },
  );

  it('stores REMOVAL_BEGUN without states when a removal begins', async ({ changes }) => {
    const { id } = await changes.stored(aCompose({ state: 'DONE', doneAt: T0 }));
    await changes.apply(id, { type: 'BEGIN_REMOVAL', at, by: 'someone', reason: 'because' });
    expect((await changes.eventsOf(id)).at(-1)).toEqual({
      seq: 3,
      kind: 'REMOVAL_BEGUN',
      from_state: null,
      to_state: null,
      by: 'someone',
      reason: 'because',
    });
  });

  it('accepts one of several concurrent changes that exclude each other', async ({ changes, store }) => {
    const { id } = await changes.stored(aCompose());
    const changed = await Promise.all(
      [1, 2, 3, 4].map((n) =>
        changes.apply(id, { type: 'BEGIN', at, workerId: `00000000-0000-4000-8000-00000000000${n}` }),
      ),
    );
    expect(changed.filter((compose) => compose !== null)).toHaveLength(1);
    expect(await store.find(id, READ_ALL)).toMatchObject({ attempt: 1, state: 'GENERATING' });
  });

  it('stores neither row nor event if its transaction fails', async ({ changes, store }) => {
    const compose = await changes.stored(aCompose());
    const failing = store.transaction(async (tx) => {
      const locked = await tx.lock(compose.id);
      await changeCompose(tx, locked ?? compose, { event: { type: 'GIVE_UP', at }, by: 'system' }, rules);
      throw new Error('after the change');
    });
    await expect(failing).rejects.toThrow('after the change');
    expect(await store.find(compose.id, READ_ALL)).toEqual(compose);
    expect(await changes.eventsOf(compose.id)).toHaveLength(2);
  });
});
