import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeCompose } from '../../src/app/change-compose.ts';
import type { ComposeStore } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import type { LifecycleEvent } from '../../src/compose/lifecycle-event.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { aCompose, everyEvent, SITUATIONS, T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';

const at = new Date(T0.getTime() + 60_000);
const RULES = { maxLosses: 3 };

let test: TestDatabase;
let database: Database;
let store: ComposeStore;
let root: Compose;

beforeAll(async () => {
  test = await createTestDatabase();
  database = await openTestDatabase(test);
  store = composeStore(database, noQueue);
  root = await store.transaction((tx) => tx.insert(aCompose(), null));
});

afterAll(async () => {
  await database.close();
  await test.drop();
});

/** A compose brought into the situation, as if its history had led there. */
async function inSituation(situation: Compose): Promise<Compose> {
  return store.transaction(async (tx) => {
    const inserted = await tx.insert(situation, null);
    const lifecycle = { ...situation, reuses: situation.reuses && root.id };
    return tx.save(inserted, lifecycle, { kind: 'STATE_CHANGED', at: T0, by: 'system', reason: null });
  });
}

async function apply(id: string, event: LifecycleEvent): Promise<Compose | null> {
  return store.transaction(async (tx) => {
    const locked = await tx.lock(id);
    return locked && changeCompose(tx, locked, { event, by: 'someone', reason: 'because' }, RULES);
  });
}

function history(id: string): Promise<readonly object[]> {
  return test.query(
    'select seq, kind, from_state, to_state, by, reason from compose_event where compose_id = $1 order by seq',
    [id],
  );
}

describe('the machine, driven through the database', () => {
  for (const [situation, { compose, leads }] of Object.entries(SITUATIONS)) {
    it(`takes from ${situation} what it should and nothing else`, async () => {
      for (const event of everyEvent(at, compose.attempt).map((each) =>
        'root' in each ? { ...each, root: root.id } : each,
      )) {
        const before = await inSituation(compose);
        const after = await apply(before.id, event);
        const target = leads[event.type];
        expect(after?.state, event.type).toBe(target);
        const stored = await store.find(before.id, READ_ALL);
        if (!target) {
          expect(stored).toEqual(before);
          expect(await history(before.id)).toHaveLength(2);
          continue;
        }
        expect(stored).toEqual(after);
        expect(await history(before.id), event.type).toHaveLength(3);
        if (target !== compose.state) {
          expect((await history(before.id)).at(-1)).toEqual({
            seq: 3,
            kind: 'STATE_CHANGED',
            from_state: compose.state,
            to_state: target,
            by: 'someone',
            reason: 'because',
          });
        }
      }
    });
  }

  it('lets one of two rivals win', async () => {
    const compose = await inSituation(aCompose());
    const rivals = await Promise.all(
      [1, 2, 3, 4].map((n) =>
        apply(compose.id, { type: 'BEGIN', at, workerId: `00000000-0000-4000-8000-00000000000${n}` }),
      ),
    );
    expect(rivals.filter((won) => won !== null)).toHaveLength(1);
    expect(await store.find(compose.id, READ_ALL)).toMatchObject({ attempt: 1, state: 'GENERATING' });
  });

  it('keeps neither row nor event of a change whose transaction fails', async () => {
    const compose = await inSituation(aCompose());
    await expect(
      store.transaction(async (tx) => {
        const locked = await tx.lock(compose.id);
        await changeCompose(tx, locked ?? compose, { event: { type: 'GIVE_UP', at }, by: 'system' }, RULES);
        throw new Error('after the change');
      }),
    ).rejects.toThrow('after the change');
    expect(await store.find(compose.id, READ_ALL)).toEqual(compose);
    expect(await history(compose.id)).toHaveLength(2);
  });
});
