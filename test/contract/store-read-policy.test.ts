// Every read of the stores and of the feed finds the composes of the policy's owners only.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ComposeStore, FeedSignal, PackageRecord } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { READ_ALL, type ReadPolicy } from '../../src/compose/read-policy.ts';
import { EventFeed } from '../../src/events/feed.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { eventLog } from '../../src/store/event-log.ts';
import { packageStore } from '../../src/store/package-store.ts';
import { progressStore } from '../../src/store/progress-store.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { silentLogger } from '../support/logger.ts';

const MINE: ReadPolicy = { owners: ['me'] };
const MINE_OR_FRIENDS: ReadPolicy = { owners: ['me', 'friend'] };
const NOTHING: ReadPolicy = { owners: [] };
const POLICIES = [MINE, MINE_OR_FRIENDS, NOTHING, READ_ALL];
const FIRST_PAGE = { filter: {}, orderBy: { field: 'ID', direction: 'ASC' }, limit: 10, backwards: false } as const;

let test: TestDatabase;
let database: Database;
let store: ComposeStore;
let mine: Compose;
let theirs: Compose;
/** `theirs`, and composes of mine and of nobody else that reuse it. */
let reuser: Compose;
beforeAll(async () => {
  test = await createTestDatabase();
  database = await openTestDatabase(test);
  store = composeStore(database, noQueue);
  mine = await insert('me');
  theirs = await insert('them');
  await insert('friend');
  reuser = await change(await insert('me'), { state: 'GENERATING', reuses: theirs.id });
  theirs = await change(theirs, { state: 'GENERATING', attempt: 1 });
  mine = await store.transaction((tx) => tx.patch(mine, { digest: 'd' }));
  await store.transaction(async (tx) => {
    for (const compose of [mine, theirs]) {
      await tx.insertPackages(compose.id, [aPackage(`of-${compose.owner}`)]);
      await tx.putPin(compose.id, { name: 'kept', owner: 'me', expiresAt: null, createdAt: T0 });
    }
  });
});
afterAll(async () => {
  await database.close();
  await test.drop();
});

function insert(owner: string, more: Partial<Compose> = {}): Promise<Compose> {
  return store.transaction((tx) => tx.insert(aCompose({ owner, ...more }), null));
}

function change({ id }: Compose, next: Partial<Compose>): Promise<Compose> {
  return store.transaction(async (tx) => {
    const compose = await tx.lock(id);
    if (!compose) throw new Error(`no compose ${id}`);
    return tx.save(compose, { ...compose, ...next }, { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null });
  });
}

function aPackage(name: string): PackageRecord {
  return {
    nevra: `${name}-0:1-1.noarch`,
    name,
    arch: 'noarch',
    sourceNevra: null,
    sigkey: null,
    path: `Temporary/x86_64/os/Packages/${name}`,
    sizeBytes: 1,
    treeArch: 'x86_64',
    category: 'binary',
  };
}

function isAllowed({ owners }: ReadPolicy, owner: string): boolean {
  return owners === 'ALL' || owners.includes(owner);
}

describe.each(POLICIES)('a read with the policy $owners', (policy) => {
  const seesMine = isAllowed(policy, 'me');
  const seesTheirs = isAllowed(policy, 'them');

  it('finds a compose of an allowed owner by id, and no other', async () => {
    expect(await store.find(mine.id, policy)).toEqual(seesMine ? mine : null);
    expect(await store.find(theirs.id, policy)).toEqual(seesTheirs ? theirs : null);
    expect(await store.findMany([mine.id, theirs.id], policy)).toEqual([
      seesMine ? mine : null,
      seesTheirs ? theirs : null,
    ]);
  });

  it('has the composes of allowed owners in pages and counts, and no other', async () => {
    const owners = ['me', 'them', 'friend', 'me'].filter((owner) => isAllowed(policy, owner));
    expect((await store.page(FIRST_PAGE, policy)).items.map(({ owner }) => owner)).toEqual(owners);
    expect((await store.count({}, policy)).count).toBe(owners.length);
    const filter = { owners: ['them'] };
    expect((await store.page({ ...FIRST_PAGE, filter }, policy)).items).toEqual(seesTheirs ? [theirs] : []);
    expect((await store.count(filter, policy)).count).toBe(seesTheirs ? 1 : 0);
  });

  it('lists reusers and waiting composes of allowed owners, and no other', async () => {
    expect(await store.reusersOf(theirs.id, policy)).toEqual(seesMine ? [reuser.id] : []);
    expect(await store.waitingWithDigest('d', policy)).toEqual(seesMine ? [mine.id] : []);
  });

  it('has pins of allowed owners, and no other', async () => {
    const pins = await store.pinsOf([mine.id, theirs.id], T0, policy);
    expect(pins.map((some) => some.length)).toEqual([Number(seesMine), Number(seesTheirs)]);
  });

  it('has events of allowed owners, and no other', async () => {
    const log = eventLog(database.em);
    const all = await log.read({ after: 0n, limit: 100 }, policy);
    const expected = (await log.read({ after: 0n, limit: 100 }, READ_ALL)).filter(({ compose }) =>
      isAllowed(policy, compose.owner),
    );
    expect(all).toEqual(expected);
    const ofTheirs = { after: 0n, limit: 100, composeId: theirs.id };
    expect(await log.read(ofTheirs, policy)).toHaveLength(seesTheirs ? 2 : 0);
    expect(await log.read({ ...ofTheirs, filter: { owners: ['them'] } }, policy)).toHaveLength(seesTheirs ? 2 : 0);
    const each = await log.readEach({ composeIds: [mine.id, theirs.id], after: 0n, limit: 100 }, policy);
    expect(each.map(({ length }) => length)).toEqual([seesMine ? 1 : 0, seesTheirs ? 2 : 0]);
  });

  it('has progress and packages of allowed owners and of what they reuse, and no other', async () => {
    const progress = progressStore(database.em);
    await progress.put(theirs.id, { attempt: 1, percent: 5, phase: 'GATHER', message: null, updatedAt: T0 });
    // The reuser is mine.
    const isReused = seesTheirs || seesMine;
    expect((await progress.findMany([theirs.id], policy)).map((found) => found !== null)).toEqual([isReused]);
    const packages = packageStore(database.em);
    expect(await packages.counts([mine.id, theirs.id], undefined, policy)).toEqual([
      Number(seesMine),
      Number(isReused),
    ]);
    const pages = await packages.pages([mine.id, theirs.id], { limit: 5 }, policy);
    expect(pages.map(({ items }) => items.length)).toEqual([Number(seesMine), Number(isReused)]);
    const differences = await packages.differences(mine.id, theirs.id, { limit: 10 }, policy);
    expect(differences.filter(({ from }) => from !== null)).toHaveLength(Number(seesMine));
    expect(differences.filter(({ to }) => to !== null)).toHaveLength(Number(isReused));
    const nevras = differences.map(({ name, arch, from, to }) => `${name}-${from ?? to}.${arch}`);
    expect(await packages.byNevra(mine.id, nevras, policy)).toHaveLength(Number(seesMine));
    expect(await packages.byNevra(theirs.id, nevras, policy)).toHaveLength(Number(isReused));
  });
});

describe('the feed', () => {
  it('hands out events and progress of allowed owners only, past and live', async () => {
    const log = eventLog(database.em);
    const progress = progressStore(database.em);
    const feed = new EventFeed({ url: test.url, logger: silentLogger, log, progress, composes: store });
    await feed.start();
    const stopped = new AbortController();
    const follow = async (policy: ReadPolicy, count: number) => {
      const seen: FeedSignal[] = [];
      for await (const signal of feed.follow({ after: 0n, progress: true, signal: stopped.signal }, policy)) {
        seen.push(signal);
        if (seen.length === count) break;
      }
      return seen;
    };
    const all = follow(READ_ALL, 9);
    const allowed = follow(MINE, 4);
    theirs = await change(theirs, { stateReason: 'changed while it is followed' });
    await progress.put(theirs.id, { attempt: 1, percent: 50, phase: 'GATHER', message: null, updatedAt: T0 });
    await insert('me', { label: 'last' });
    expect(new Set((await all).map(({ compose }) => compose.owner))).toEqual(new Set(['me', 'them', 'friend']));
    expect((await allowed).map(({ type, compose }) => [type, compose.owner])).toEqual(
      Array.from({ length: 4 }, () => ['event', 'me']),
    );
    stopped.abort();
    await feed.stop();
  });
});
