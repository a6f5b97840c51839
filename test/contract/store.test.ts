// What the use cases rely on in a ComposeStore and its neighbours, on a real PostgreSQL.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  IdempotencyKeyTaken,
  PungiComposeIdTaken,
  type ComposeFilter,
  type ComposeOrderField,
  type ComposeStore,
  type Idempotency,
  type PackageRecord,
} from '../../src/app/ports.ts';
import { snapshotOf, type Compose } from '../../src/compose/compose.ts';
import { failure } from '../../src/compose/failure.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { eventLog } from '../../src/store/event-log.ts';
import { packageStore } from '../../src/store/package-store.ts';
import { progressStore } from '../../src/store/progress-store.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';

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

const IMPOSSIBLE_IDS = ['0', '-1', '01', 'x', '', '9223372036854775808', '1e3', '99999999999999999999999'];

function insert(overrides: Partial<Compose> = {}, idempotency: Idempotency | null = null): Promise<Compose> {
  return store.transaction((tx) => tx.insert(aCompose(overrides), idempotency));
}

async function change(
  id: string,
  next: Partial<Compose>,
  kind: 'STATE_CHANGED' | 'RENEWED' = 'STATE_CHANGED',
): Promise<Compose> {
  return store.transaction(async (tx) => {
    const compose = await tx.lock(id);
    if (!compose) throw new Error(`no compose ${id}`);
    return tx.save(compose, { ...compose, ...next }, { kind, at: T0, by: 'tester', reason: 'a test' });
  });
}

describe('a compose', () => {
  it('is found as it was inserted, in every field', async () => {
    const compose = await insert({
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

  it('is answered after a change as it is found then', async () => {
    const { id } = await insert();
    const saved = await store.transaction(async (tx) => {
      const compose = await tx.lock(id);
      if (!compose) throw new Error('not found');
      const next = {
        ...compose,
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
      return tx.save(compose, next, { kind: 'STATE_CHANGED', at: T0, by: 'worker', reason: null }, patch);
    });
    expect(saved).toMatchObject({ seq: 2, state: 'FAILED', pungiComposeId: `p-${id}` });
    expect(await store.find(id, READ_ALL)).toEqual(saved);
  });

  it('that nobody has is null, in its place among others; so is an id that none can have', async () => {
    const { id } = await insert();
    expect(
      (await store.findMany(['999999999', id, ...IMPOSSIBLE_IDS], READ_ALL)).map((found) => found?.id ?? null),
    ).toEqual([null, id, ...IMPOSSIBLE_IDS.map(() => null)]);
    for (const impossible of IMPOSSIBLE_IDS) {
      expect(await store.find(impossible, READ_ALL)).toBeNull();
      expect(await store.transaction((tx) => tx.lock(impossible))).toBeNull();
    }
  });

  it('is refused a change that was not made under its lock', async () => {
    const stale = await insert();
    await change(stale.id, { stateReason: 'changed' });
    await expect(
      store.transaction((tx) => tx.save(stale, stale, { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null })),
    ).rejects.toThrow(/lock/);
    expect((await store.find(stale.id, READ_ALL))?.seq).toBe(2);
  });

  it('waits for another change to end, and then sees it', async () => {
    const { id } = await insert();
    const held = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const first = store.transaction(async (tx) => {
      const compose = await tx.lock(id);
      locked.resolve();
      await held.promise;
      if (compose)
        await tx.save(
          compose,
          { ...compose, stateReason: 'first' },
          { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null },
        );
    });
    await locked.promise;
    const second = store.transaction((tx) => tx.lock(id));
    const waiting = () =>
      test.query("select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
    await expect.poll(waiting).toHaveLength(1);
    held.resolve();
    await first;
    expect((await second)?.stateReason).toBe('first');
  });

  it('is changed by both of two transactions that would wait for each other for ever', async () => {
    const [one, other] = [await insert(), await insert()];
    const both = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const crossing = (index: number, order: readonly Compose[]) =>
      store.transaction(async (tx) => {
        for (const { id } of order) {
          const compose = await tx.lock(id);
          both[index]?.resolve();
          await both[1 - index]?.promise;
          if (compose) await tx.save(compose, compose, { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null });
        }
      });
    await Promise.all([crossing(0, [one, other]), crossing(1, [other, one])]);
    expect((await store.findMany([one.id, other.id], READ_ALL)).map((compose) => compose?.seq)).toEqual([3, 3]);
  });

  it('has one Pungi compose id to itself', async () => {
    const [one, other] = [await insert(), await insert()];
    const take = (compose: Compose) =>
      store.transaction((tx) => tx.patch(compose, { pungiComposeId: 'odcs-x-1-20261122.t.0' }));
    expect((await take(one)).pungiComposeId).toBe('odcs-x-1-20261122.t.0');
    await expect(take(other)).rejects.toThrow(PungiComposeIdTaken);
  });
});

describe('an event', () => {
  it('is stored with every change, seq by seq, and tells how the compose was then', async () => {
    const inserted = await insert();
    const generating = await change(inserted.id, { state: 'GENERATING', attempt: 1, startedAt: T0 });
    const done = await change(inserted.id, { state: 'DONE', doneAt: T0 });
    const items = await eventLog(database.em).read({ after: 0n, limit: 10, composeId: inserted.id }, READ_ALL);
    expect(items.map(({ event }) => [event.seq, event.from, event.to, event.by])).toEqual([
      [1, null, 'WAIT', 'anonymous'],
      [2, 'WAIT', 'GENERATING', 'tester'],
      [3, 'GENERATING', 'DONE', 'tester'],
    ]);
    expect(items.map(({ event }) => event.snapshot)).toEqual([inserted, generating, done].map(snapshotOf));
    expect(items.map(({ compose }) => [compose.seq, compose.state])).toEqual([
      [1, 'WAIT'],
      [2, 'GENERATING'],
      [3, 'DONE'],
    ]);
    expect(Object.isFrozen(items[0]) && Object.isFrozen(items[0]?.compose)).toBe(true);
  });

  it('leaves no trace of a transaction that was rolled back', async () => {
    const log = eventLog(database.em);
    const head = await log.head();
    await expect(
      store.transaction(async (tx) => {
        await tx.insert(aCompose(), { owner: 'a', mutation: 'createCompose', key: 'rolled back', digest: 'd' });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await log.head()).toBe(head);
    expect(await store.findByIdempotencyKey({ owner: 'a', mutation: 'createCompose', key: 'rolled back' })).toBeNull();
  });

  it('passes a filter of states where it leads into or out of one, or happens in one', async () => {
    const log = eventLog(database.em);
    const after = await log.head();
    const { id } = await insert({ owner: 'filtered' });
    await change(id, { state: 'GENERATING' });
    await change(id, { state: 'DONE' });
    await change(id, {}, 'RENEWED');
    await change(id, { state: 'REMOVED' });
    const seqs = async (filter: ComposeFilter) =>
      (await log.read({ after, limit: 10, filter: { owners: ['filtered'], ...filter } }, READ_ALL)).map(
        ({ event }) => event.seq,
      );
    expect(await seqs({ states: ['GENERATING'] })).toEqual([2, 3]);
    expect(await seqs({ states: ['DONE'] })).toEqual([3, 4, 5]);
    expect(await seqs({ states: ['WAIT', 'REMOVED'] })).toEqual([1, 2, 5]);
    expect(await seqs({ sourceTypes: ['TAG'] })).toEqual([]);
    expect(await seqs({ ids: IMPOSSIBLE_IDS })).toEqual([]);
  });
});

describe('an idempotency key', () => {
  it('leads to its compose, per owner and mutation', async () => {
    const key = { owner: 'me', mutation: 'createCompose', key: 'k' } as const;
    const { id } = await insert({}, { ...key, digest: 'd' });
    expect(await store.findByIdempotencyKey(key)).toEqual({ composeId: id, digest: 'd' });
    expect(await store.findByIdempotencyKey({ ...key, owner: 'you' })).toBeNull();
    expect(await store.findByIdempotencyKey({ ...key, mutation: 'renewCompose' })).toBeNull();
  });

  it('is taken by one of many at once; the others are told', async () => {
    const key = { owner: 'me', mutation: 'createCompose', key: 'raced', digest: 'd' } as const;
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => insert({ owner: 'racer' }, key)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
    expect(reasons.every((reason) => reason instanceof IdempotencyKeyTaken)).toBe(true);
    expect((await store.count({ owners: ['racer'] }, READ_ALL)).count).toBe(1);
  });
});

describe('a list', () => {
  const FIELDS: readonly ComposeOrderField[] = ['ID', 'SUBMITTED_AT', 'DONE_AT', 'REMOVED_AT', 'EXPIRES_AT'];
  const owner = 'lister';
  const filter = { owners: [owner] };
  let all: Compose[];
  beforeAll(async () => {
    all = [];
    for (let index = 0; index < 23; index += 1) {
      const time = (offset: number) => new Date(T0.getTime() + ((index * 7 + offset) % 5) * 1000);
      const compose = await insert({
        owner,
        submittedAt: time(0),
        expiresAt: time(1),
        label: index % 3 === 0 ? 'RC-1.0' : null,
      });
      all.push(
        await change(compose.id, {
          doneAt: index % 2 ? time(2) : null,
          removedAt: index % 4 === 1 ? time(3) : null,
          state: index % 2 ? 'DONE' : 'WAIT',
        }),
      );
    }
  });

  function value(compose: Compose, field: ComposeOrderField): string | null {
    const times = {
      SUBMITTED_AT: compose.submittedAt,
      DONE_AT: compose.doneAt,
      REMOVED_AT: compose.removedAt,
      EXPIRES_AT: compose.expiresAt,
    };
    return field === 'ID' ? compose.id : (times[field]?.toISOString() ?? null);
  }

  function sorted(field: ComposeOrderField): Compose[] {
    const rank = (compose: Compose) => (field === 'ID' ? '' : (value(compose, field) ?? '~'));
    return all.toSorted((a, b) => (rank(a) === rank(b) ? Number(a.id) - Number(b.id) : rank(a) < rank(b) ? -1 : 1));
  }

  for (const field of FIELDS) {
    for (const direction of ['ASC', 'DESC'] as const) {
      for (const backwards of [false, true]) {
        it(`by ${field} ${direction}, paged ${backwards ? 'backwards' : 'forwards'}, holds every compose once and in order`, async () => {
          const seen: Compose[] = [];
          for (let pages = 0; pages < 20; pages += 1) {
            const edge = backwards ? seen[0] : seen.at(-1);
            const key = edge && { value: value(edge, field), id: edge.id };
            const page = await store.page(
              {
                filter,
                orderBy: { field, direction },
                limit: 4,
                backwards,
                ...(key ? (backwards ? { before: key } : { after: key }) : {}),
              },
              READ_ALL,
            );
            if (backwards) seen.unshift(...page.items);
            else seen.push(...page.items);
            expect(backwards ? page.hasNextPage : page.hasPreviousPage).toBe(key !== undefined);
            if (!(backwards ? page.hasPreviousPage : page.hasNextPage)) break;
          }
          const expected = direction === 'ASC' ? sorted(field) : sorted(field).toReversed();
          expect(seen.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
        });
      }
    }
    it(`by ${field} may be bounded on both sides`, async () => {
      const order = sorted(field);
      for (const [from, to] of [
        [2, 6],
        [5, 20],
        [15, 22],
      ] as const) {
        const key = (index: number) => ({
          value: value(order[index] as Compose, field),
          id: (order[index] as Compose).id,
        });
        const page = await store.page(
          {
            filter,
            orderBy: { field, direction: 'ASC' },
            limit: 50,
            backwards: false,
            after: key(from),
            before: key(to),
          },
          READ_ALL,
        );
        expect(page.items.map(({ id }) => id)).toEqual(order.slice(from + 1, to).map(({ id }) => id));
      }
    });
  }

  it('holds what the filter lets through, and is counted so', async () => {
    const [some] = all;
    if (!some) throw new Error('none');
    const cases: [ComposeFilter, (compose: Compose) => boolean][] = [
      [{ states: ['DONE'] }, ({ state }) => state === 'DONE'],
      [{ states: ['DONE', 'WAIT'] }, () => true],
      [{ states: [] }, () => false],
      [{ label: 'RC-1.0' }, ({ label }) => label === 'RC-1.0'],
      [{ ids: [some.id, ...IMPOSSIBLE_IDS] }, ({ id }) => id === some.id],
      [{ source: '/srv/repo', sourceTypes: ['REPO'], composeTypes: ['TEST'] }, () => true],
      [{ source: '/srv/rep' }, () => false],
      [{ sourceTypes: ['TAG', 'PULP'] }, () => false],
      [{ pungiComposeId: 'none' }, () => false],
      [{ submittedAfter: T0 }, ({ submittedAt }) => submittedAt > T0],
      [
        { submittedBefore: new Date(T0.getTime() + 2000) },
        ({ submittedAt }) => submittedAt.getTime() < T0.getTime() + 2000,
      ],
    ];
    for (const [more, holds] of cases) {
      const page = await store.page(
        {
          filter: { ...filter, ...more },
          orderBy: { field: 'ID', direction: 'ASC' },
          limit: 100,
          backwards: false,
        },
        READ_ALL,
      );
      expect({ more, ids: page.items.map(({ id }) => id) }).toEqual({
        more,
        ids: all.filter(holds).map(({ id }) => id),
      });
      expect(await store.count({ ...filter, ...more }, READ_ALL)).toEqual({
        count: all.filter(holds).length,
        isEstimate: false,
      });
    }
  });
});

describe('what is due', () => {
  it('is told, oldest first', async () => {
    const later = new Date(T0.getTime() + 1_000);
    const expired = await insert({ expiresAt: T0 });
    await change(expired.id, { state: 'DONE', expiresAt: T0 });
    const waiting = await insert({ submittedAt: new Date(0), expiresAt: T0 });
    const half = await insert();
    await change(half.id, { state: 'DONE', expiresAt: T0, removingAt: T0 });
    const here = { targetDirs: ['default'], limit: 1_000 };
    expect(await store.due({ what: 'EXPIRED', at: later, ...here })).toContain(expired.id);
    expect(await store.due({ what: 'EXPIRED', at: later, ...here })).not.toContain(half.id);
    expect(await store.due({ what: 'EXPIRED', at: later, ...here, after: expired.id })).not.toContain(expired.id);
    expect(await store.due({ what: 'EXPIRED', at: later, ...here, targetDirs: ['elsewhere'] })).toEqual([]);
    expect(await store.due({ what: 'EXPIRED', at: new Date(T0.getTime() - 1), ...here })).toEqual([]);
    expect(await store.due({ what: 'HALF_REMOVED', before: later, ...here })).toContain(half.id);
    expect(await store.due({ what: 'HALF_REMOVED', before: later, ...here, targetDirs: [] })).toEqual([]);
    expect(await store.due({ what: 'WAITED_TOO_LONG', before: new Date(1), limit: 10 })).toEqual([waiting.id]);
    // One that shared and takes over would else wait anew after each of a hundred others that nobody took.
    await change(waiting.id, { state: 'GENERATING', reuses: half.id });
    await change(waiting.id, { state: 'WAIT', reuses: null });
    expect(await store.due({ what: 'WAITED_TOO_LONG', before: new Date(1), limit: 10 })).toEqual([waiting.id]);
    // One that is handed back waits anew.
    await change(waiting.id, { state: 'GENERATING', attempt: 1 });
    await change(waiting.id, { state: 'WAIT' });
    expect(await store.due({ what: 'WAITED_TOO_LONG', before: new Date(1), limit: 10 })).toEqual([]);
    expect(await store.due({ what: 'WAITED_TOO_LONG', before: later, limit: 1_000 })).toContain(waiting.id);
  });
});

describe('progress', () => {
  it('never falls within an attempt, and a worker without the attempt writes none', async () => {
    const progress = progressStore(database.em);
    const { id } = await insert();
    const put = (attempt: number, percent: number) =>
      progress.put(id, { attempt, percent, phase: 'GATHER', message: null, updatedAt: T0 });
    const percent = async () => (await progress.findMany([id], READ_ALL))[0]?.percent ?? null;
    await put(1, 10);
    expect(await percent()).toBeNull();
    await change(id, { state: 'GENERATING', attempt: 1 });
    await put(1, 50);
    await put(1, 20);
    expect(await percent()).toBe(50);
    await change(id, { attempt: 2 });
    await put(1, 90);
    expect(await percent()).toBe(50);
    await put(2, 5);
    expect(await percent()).toBe(5);
    expect(await progress.findMany([...IMPOSSIBLE_IDS, id], READ_ALL)).toMatchObject([
      ...IMPOSSIBLE_IDS.map(() => null),
      { attempt: 2, phase: 'GATHER', updatedAt: T0 },
    ]);
  });
});

describe('packages', () => {
  it('are paged by path, counted and looked for by name', async () => {
    const packages = packageStore(database.em);
    const { id } = await insert();
    const records = Array.from({ length: 12_001 }, (_, index): PackageRecord => ({
      nevra: `p${index}-0:1-1.noarch`,
      name: `p${index}`,
      arch: 'noarch',
      sourceNevra: null,
      sigkey: null,
      path: `Temporary/x86_64/os/Packages/${String(index).padStart(5, '0')}`,
      sizeBytes: index ? 5_000_000_000 : null,
      treeArch: 'x86_64',
      category: 'binary',
    }));
    await store.transaction((tx) => tx.insertPackages(id, records));
    const first = await onlyOne(packages.pages([id], { limit: 2 }, READ_ALL));
    expect(first).toEqual({ items: records.slice(0, 2), hasNextPage: true, hasPreviousPage: false });
    const last = await onlyOne(packages.pages([id], { limit: 2, after: records.at(-2)?.path ?? '' }, READ_ALL));
    expect(last).toEqual({ items: records.slice(-1), hasNextPage: false, hasPreviousPage: true });
    expect(await onlyOne(packages.counts([id], undefined, READ_ALL))).toBe(12_001);
    expect(await onlyOne(packages.counts([id], '1200', READ_ALL))).toBe(3);
    expect((await onlyOne(packages.pages([id], { limit: 5, nameContains: '%' }, READ_ALL))).items).toEqual([]);
    await store.transaction((tx) => tx.deletePackages(id));
    expect(await onlyOne(packages.counts([id], undefined, READ_ALL))).toBe(0);
    for (const impossible of IMPOSSIBLE_IDS)
      expect(await onlyOne(packages.counts([impossible], undefined, READ_ALL))).toBe(0);
  });
});

async function onlyOne<T>(answers: Promise<readonly T[]>): Promise<T> {
  const [answer, ...others] = await answers;
  if (answer === undefined || others.length > 0) throw new Error('one answer was expected');
  return answer;
}
