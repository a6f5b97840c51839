// The feed on a real database: complete and sorted for everyone, whoever joins when, whatever breaks.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ComposeStore, EventLog, FeedSignal } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { EventFeed } from '../../src/events/feed.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { eventLog } from '../../src/store/event-log.ts';
import { progressStore } from '../../src/store/progress-store.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { silentLogger } from '../support/logger.ts';

let test: TestDatabase;
let database: Database;
let store: ComposeStore;
let log: EventLog;
let feed: EventFeed;
beforeEach(async () => {
  test = await createTestDatabase();
  database = await openTestDatabase(test);
  store = composeStore(database, noQueue);
  log = eventLog(database.em);
  feed = aFeed();
  await feed.start();
});
afterEach(async () => {
  await feed.stop();
  if (feed.followers > 0) throw new Error('Followers leak');
  await database.close();
  await test.drop();
});

function aFeed(pollMs?: number): EventFeed {
  return new EventFeed({
    url: test.url,
    logger: silentLogger,
    log,
    progress: progressStore(database.em),
    composes: store,
    ...(pollMs ? { pollMs } : {}),
  });
}

async function create(overrides: Partial<Compose> = {}): Promise<Compose> {
  return store.transaction((tx) => tx.insert(aCompose(overrides), null));
}

async function change(id: string, next: Partial<Compose>): Promise<Compose> {
  return store.transaction(async (tx) => {
    const compose = await tx.lock(id);
    if (!compose) throw new Error('not found');
    return tx.save(compose, { ...compose, ...next }, { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null });
  });
}

async function collect(signals: AsyncIterableIterator<FeedSignal>, count: number): Promise<FeedSignal[]> {
  const seen: FeedSignal[] = [];
  if (count === 0) return seen;
  for await (const signal of signals) {
    seen.push(signal);
    if (seen.length === count) break;
  }
  return seen;
}

function steps(signals: readonly FeedSignal[]): string[] {
  return signals.map((signal) =>
    signal.type === 'event'
      ? `${signal.compose.id}:${signal.event.seq}`
      : `${signal.compose.id}:${signal.progress.percent}%`,
  );
}

const never = new AbortController().signal;

it('reads no events while nobody follows, and misses none for who comes while it looks how far they are', async () => {
  let reads = 0;
  let release = () => {};
  const asked: (() => void)[] = [];
  const slow: EventLog = {
    ...log,
    head: async () => {
      const head = await log.head();
      await new Promise<void>((resolve) => {
        release = resolve;
        asked.splice(0).forEach((tell) => tell());
        // At the start there is nothing.
        if (head === 0n) resolve();
      });
      return head;
    },
    read: (query) => {
      reads += 1;
      return log.read(query, READ_ALL);
    },
  };
  const other = new EventFeed({
    url: test.url,
    logger: silentLogger,
    log: slow,
    progress: progressStore(database.em),
    composes: store,
  });
  await other.start();
  const looking = new Promise<void>((resolve) => asked.push(resolve));
  const { id } = await create();
  await looking;
  expect(reads).toBe(0);
  const follower = other.follow({ after: 0n, progress: false, signal: never }, READ_ALL);
  const signal = follower.next();
  release();
  expect((await signal).value).toMatchObject({ compose: { id } });
  await follower.return?.();
  await other.stop();
});

it('hands out what is committed, live, as one frozen object for all', async () => {
  const [one, other] = [
    feed.follow({ after: 0n, progress: false, signal: never }, READ_ALL),
    feed.follow({ after: 0n, progress: false, signal: never }, READ_ALL),
  ];
  const waiting = [one.next(), other.next()];
  const compose = await create();
  const [first, second] = await Promise.all(waiting);
  expect(first?.value?.compose).toEqual(compose);
  expect(first?.value?.compose).toBe(second?.value?.compose);
  expect(Object.isFrozen(first?.value?.compose)).toBe(true);
  await one.return?.();
  await other.return?.();
});

it('lets an abort and a return end a follower at once, waiting or not', async () => {
  const abort = new AbortController();
  const aborted = feed.follow({ after: 0n, progress: true, signal: abort.signal }, READ_ALL);
  const returned = feed.follow({ after: 0n, composeId: '1', progress: true, signal: never }, READ_ALL);
  const waiting = [aborted.next(), returned.next()];
  expect(feed.followers).toBe(2);
  abort.abort();
  await returned.return?.();
  expect(await Promise.all(waiting)).toEqual([
    { done: true, value: undefined },
    { done: true, value: undefined },
  ]);
  expect(feed.followers).toBe(0);
  expect(await feed.follow({ after: 0n, progress: false, signal: abort.signal }, READ_ALL).next()).toEqual({
    done: true,
    value: undefined,
  });
});

it('loses nothing when the connection that listens is cut, and is ready again', async () => {
  const follower = feed.follow({ after: 0n, progress: false, signal: never }, READ_ALL);
  const seen = collect(follower, 60);
  const created: Compose[] = [];
  for (let index = 0; index < 60; index += 1) {
    if (index % 20 === 10)
      await test.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'odcs-feed' and datname = current_database()",
      );
    created.push(await create());
  }
  expect(steps(await seen)).toEqual(created.map(({ id }) => `${id}:1`));
  await expect.poll(() => feed.ready).toBe(true);
});

it('goes on when every connection was cut', async () => {
  const follower = feed.follow({ after: 0n, progress: false, signal: never }, READ_ALL);
  const seen = collect(follower, 2);
  const before = await create();
  await test.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'odcs%' and datname = current_database()",
  );
  // Each connection that was cut may fail once more.
  let after: Compose | null = null;
  while (!after) after = await create().catch(() => null);
  expect(steps(await seen)).toEqual([`${before.id}:1`, `${after.id}:1`]);
  await expect.poll(() => feed.ready).toBe(true);
});

it('sees events also when no notification comes', async () => {
  const [row] = await test.query<{ definition: string }>(
    "select pg_get_functiondef('assign_event_position'::regproc) as definition",
  );
  const definition = row?.definition ?? '';
  await test.query(definition.replace("perform pg_notify('compose_event', assigned::text);", ''));
  const follower = feed.follow({ after: 0n, progress: false, signal: never }, READ_ALL);
  const next = follower.next();
  const compose = await create();
  expect((await next).value?.compose.id).toBe(compose.id);
  await follower.return?.();
});

it('500 composes, 50 followers that join and leave at random: each list is complete and sorted', async () => {
  const COMPOSES = 500;
  const start = await log.head();
  const followers = Array.from({ length: 50 }, async (_, index) => {
    const seen: string[] = [];
    let after = start;
    while (seen.length < COMPOSES * 3) {
      // Cut off after a while, and back with the last cursor: sometimes at once, sometimes from far behind.
      const abort = new AbortController();
      let left = 1 + Math.floor(Math.random() * 300);
      for await (const signal of feed.follow({ after, progress: index % 2 === 0, signal: abort.signal }, READ_ALL)) {
        if (signal.type !== 'event') continue;
        seen.push(`${signal.compose.id}:${signal.event.seq}`);
        after = signal.event.position;
        left -= 1;
        if (seen.length === COMPOSES * 3) break;
        if (left === 0) abort.abort();
      }
      if (Math.random() < 0.3) await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
    }
    return seen;
  });
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      for (let index = 0; index < COMPOSES / 10; index += 1) {
        const { id } = await create();
        await change(id, { state: 'GENERATING', attempt: 1 });
        await change(id, { state: 'DONE' });
      }
    }),
  );
  const expected = (await log.read({ after: start, limit: 10_000 }, READ_ALL)).map(
    ({ event }) => `${event.composeId}:${event.seq}`,
  );
  expect(expected).toHaveLength(COMPOSES * 3);
  for (const seen of await Promise.all(followers)) expect(seen).toEqual(expected);
});

it('a follower that falls far behind reads on from the log, and joins the live events again', async () => {
  const slow = feed.follow({ after: 0n, progress: false, signal: never }, READ_ALL);
  const fast = feed.follow({ after: 0n, progress: false, signal: never }, READ_ALL);
  const { id } = await create();
  await slow.next();
  const all = collect(fast, 4_001);
  // More than is kept in memory, in one go.
  for (let round = 0; round < 4; round += 1) {
    await store.transaction(async (tx) => {
      let compose = await tx.lock(id);
      for (let index = 0; index < 1_000 && compose; index += 1)
        compose = await tx.save(compose, compose, { kind: 'RENEWED', at: T0, by: 'x', reason: null });
    });
  }
  const expected = steps(await all).slice(1);
  const seen = collect(slow, 4_001);
  await change(id, { state: 'DONE' });
  expect(steps(await seen)).toEqual([...expected, `${id}:4002`]);
});

it('a follower of a compose where nothing happened for long reads the log once, and waits', async () => {
  const [quiet, busy] = [await create(), await create()];
  let reads = 0;
  const counted = new EventFeed({
    url: test.url,
    logger: silentLogger,
    progress: progressStore(database.em),
    composes: store,
    pollMs: 60_000,
    log: { ...log, read: (query) => ((reads += query.composeId === undefined ? 0 : 1), log.read(query, READ_ALL)) },
  });
  await counted.start();
  const ahead = collect(
    counted.follow({ after: await log.head(), composeId: busy.id, progress: false, signal: never }, READ_ALL),
    2_500,
  );
  await store.transaction(async (tx) => {
    let compose = await tx.lock(busy.id);
    for (let index = 0; index < 2_500 && compose; index += 1)
      compose = await tx.save(compose, compose, { kind: 'RENEWED', at: T0, by: 'x', reason: null });
  });
  await ahead;
  reads = 0;
  const next = counted.follow({ after: 2n, composeId: quiet.id, progress: false, signal: never }, READ_ALL).next();
  await expect.poll(() => reads).toBe(1);
  await change(quiet.id, { state: 'DONE' });
  expect((await next).value?.compose.id).toBe(quiet.id);
  expect(reads).toBe(1);
  await counted.stop();
});

it('filters live events and those of the log by the same rules', async () => {
  const filters = [
    {},
    { owners: ['a'] },
    { states: ['GENERATING'] as const },
    { states: ['DONE', 'WAIT'] as const, owners: ['b'] },
    { source: '/srv/b' },
    { sourceTypes: ['TAG'] as const },
    { composeTypes: ['TEST'] as const, label: 'RC-1.0' },
    { submittedAfter: T0 },
    { submittedBefore: new Date(T0.getTime() + 1) },
    { ids: ['1', '2'] },
  ];
  const after = await log.head();
  const live = filters.map((filter) => {
    const signals = feed.follow({ after, filter, progress: false, signal: never }, READ_ALL);
    const seen: FeedSignal[] = [];
    const reading = (async () => {
      for await (const signal of signals) seen.push(signal);
    })();
    return { filter, signals, seen, reading };
  });
  for (const owner of ['a', 'b']) {
    for (const label of [null, 'RC-1.0']) {
      const source = { type: 'REPO', repo: `/srv/${owner}`, packages: [], revisions: null } as const;
      const { id } = await create({ owner, label, source, submittedAt: new Date(T0.getTime() + (label ? 5 : 0)) });
      await change(id, { state: 'GENERATING' });
      await change(id, { state: 'DONE' });
      await store.transaction(async (tx) => {
        const compose = await tx.lock(id);
        if (compose) await tx.save(compose, compose, { kind: 'RENEWED', at: T0, by: 'x', reason: null });
      });
    }
  }
  // Whoever has seen the last one has been offered all before.
  const last = feed.follow({ after, progress: false, signal: never }, READ_ALL);
  await collect(last, 16);
  for (const { filter, signals, seen, reading } of live) {
    const logged = await log.read({ after, limit: 100, filter }, READ_ALL);
    await expect.poll(() => seen.length).toBe(logged.length);
    await signals.return?.();
    await reading;
    expect({ filter, seen: steps(seen) }).toEqual({
      filter,
      seen: logged.map(({ event }) => `${event.composeId}:${event.seq}`),
    });
  }
});

describe('progress', () => {
  it('comes at most four times a second, with the latest last, and to those only who want it', async () => {
    const { id } = await create();
    await change(id, { state: 'GENERATING', attempt: 1 });
    const head = await log.head();
    const abort = new AbortController();
    const without = feed.follow({ after: head, progress: false, signal: abort.signal }, READ_ALL).next();
    const follower = feed.follow({ after: head, composeId: id, progress: true, signal: abort.signal }, READ_ALL);
    const seen: FeedSignal[] = [];
    const complete = (async () => {
      for await (const signal of follower) {
        seen.push(signal);
        if (signal.type === 'progress' && signal.progress.percent === 100) return;
      }
    })();
    const progress = progressStore(database.em);
    const startedAt = performance.now();
    for (let percent = 1; percent <= 100; percent += 1)
      await progress.put(id, { attempt: 1, percent, phase: 'GATHER', message: null, updatedAt: T0 });
    await complete;
    expect(seen.length).toBeLessThanOrEqual(Math.ceil((performance.now() - startedAt) / 250) + 1);
    abort.abort();
    expect((await without).done).toBe(true);
  });

  it('is not told after the event that ended the attempt', async () => {
    const { id } = await create();
    await change(id, { state: 'GENERATING', attempt: 1 });
    const follower = feed.follow({ after: await log.head(), composeId: id, progress: true, signal: never }, READ_ALL);
    const other = feed.follow({ after: await log.head(), composeId: id, progress: true, signal: never }, READ_ALL);
    const told = other.next();
    await progressStore(database.em).put(id, {
      attempt: 1,
      percent: 50,
      phase: 'GATHER',
      message: null,
      updatedAt: T0,
    });
    // Once this one has it, it was offered to the first as well, which has not come for it.
    expect((await told).value?.type).toBe('progress');
    await change(id, { state: 'DONE' });
    await change(id, { state: 'REMOVED' });
    await collect(other, 2);
    expect(steps(await collect(follower, 2))).toEqual([`${id}:3`, `${id}:4`]);
  });
});

it('starts where the log ends, and stops within its bound, twice', async () => {
  await create();
  const another = aFeed();
  await another.start();
  await another.start();
  expect(another.ready).toBe(true);
  const waiting = another.follow({ after: await log.head(), progress: false, signal: never }, READ_ALL).next();
  await another.stop();
  await another.stop();
  expect((await waiting).done).toBe(true);
  expect(another.ready).toBe(false);
});
