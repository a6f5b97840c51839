// Trashing leftovers, on a real file system and a real PostgreSQL: which directories are trashed, and above all which are not.

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { expireComposes } from '../../src/app/expire-composes.ts';
import { finishRemovals } from '../../src/app/finish-removals.ts';
import { pinCompose } from '../../src/app/pin-compose.ts';
import type { Clock, ComposeStore, Results } from '../../src/app/ports.ts';
import { removeCompose } from '../../src/app/remove-compose.ts';
import { purgeLeftovers } from '../../src/app/purge-leftovers.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { keepingLogger, type LogEntry } from '../support/logger.ts';
import { aViewer } from '../support/request-rules.ts';
import { OTHER_INSTANCE, startResults } from '../support/target-fixture.ts';

type SweptResults = Pick<
  Results,
  'reachableTargets' | 'findLeftovers' | 'latestComposeIds' | 'trashLeftover' | 'purgeTrash' | 'trashCompose'
>;
let test: TestDatabase;
let database: Database;
let store: ComposeStore;
let top: string;
let target: string;
let results: Results;
let entries: LogEntry[];

beforeAll(async () => {
  test = await createTestDatabase();
  database = await openTestDatabase(test);
  store = composeStore(database, noQueue);
});
afterAll(async () => {
  await database.close();
  await test.drop();
});
beforeEach(async () => {
  top = await realpath(await mkdtemp(join(tmpdir(), 'odcs-leftovers-')));
  target = join(top, 'composes');
  results = await startResults({ default: target });
});
afterEach(async () => {
  await results.stop();
  await rm(top, { recursive: true });
});

/** The clock is two hours ahead of the files' times. */
function deps(overrides: { readonly results?: SweptResults; readonly clock?: Clock } = {}) {
  const keeping = keepingLogger();
  ({ entries } = keeping);
  const clock = { now: () => new Date(Date.now() + 2 * 3_600_000) };
  return {
    store,
    results,
    graceSeconds: 3_600,
    clock,
    logger: keeping.logger,
    rules: { maxLosses: 3 },
    maxWaitSeconds: 1e9,
    ...overrides,
  };
}

async function existing(overrides: Partial<Compose>): Promise<string> {
  return store.transaction(async (tx) => {
    const inserted = await tx.insert(aCompose(overrides), null);
    const next = { ...inserted, expiresAt: new Date(Date.now() + 1e9), ...overrides, id: inserted.id };
    return (await tx.save(inserted, next, { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null })).id;
  });
}
const removed = (overrides: Partial<Compose> = {}) => existing({ state: 'REMOVED', removingAt: T0, ...overrides });
const done = (overrides: Partial<Compose> = {}) => existing({ state: 'DONE', doneAt: T0, ...overrides });

/** An id that the database gave out in a transaction that was rolled back. */
async function unknown(): Promise<string> {
  const [row] = await test.query<{ id: string }>("select nextval(pg_get_serial_sequence('compose', 'id')) as id");
  return row?.id ?? '';
}

async function directory(path: string): Promise<string> {
  await mkdir(join(target, path), { recursive: true });
  await writeFile(join(target, path, 'file'), 'content');
  return path;
}
const exists = (path: string) => existsSync(join(target, path));

describe('A sweep trashes', () => {
  it('published directories and logs of composes that are removed or unknown to the database', async () => {
    const ids = [await removed(), await unknown()];
    const paths = [];
    for (const id of ids) paths.push(await directory(`odcs-${id}`), await directory(`.logs/${id}`));
    await purgeLeftovers(deps());
    expect(paths.filter(exists)).toEqual([]);
    await expect.poll(() => readdir(join(target, '.trash'))).toEqual([]);
  });

  it('attempts and scratch directories, except for those of the running attempt', async () => {
    const generating = await existing({ state: 'GENERATING', attempt: 3 });
    const current = [
      await directory(`.attempts/${generating}.3`),
      await directory(`.attempts/${generating}.3.scratch`),
    ];
    const ended = await existing({ state: 'FAILED', attempt: 1 });
    const waiting = await existing({ state: 'WAIT', attempt: 2 });
    const stale = [];
    for (const name of [
      `${generating}.2`,
      `${generating}.2.scratch`,
      `${ended}.1`,
      `${waiting}.2`,
      `${await unknown()}.1`,
    ])
      stale.push(await directory(`.attempts/${name}`));
    await purgeLeftovers(deps());
    expect(stale.filter(exists)).toEqual([]);
    expect(current.filter(exists)).toEqual(current);
  });

  it('nothing new, but purges the trash of a process that died', async () => {
    const [tree, probe] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
    await directory(`.trash/${tree}/compose`);
    await writeFile(join(target, '.trash', probe), 'probe');
    const purged = vi.spyOn(results, 'purgeTrash');
    await purgeLeftovers(deps());
    expect(purged).toHaveBeenCalled();
    await expect.poll(() => readdir(join(target, '.trash'))).toEqual([]);
  });

  it('the files of a removal that was interrupted', async () => {
    const id = await done({ owner: 'ann' });
    await directory(`odcs-${id}`);
    const interrupted = {
      ...results,
      reachableTargets: async () => ['default'],
      latestComposeIds: async () => new Set<string>(),
      trashCompose: () => Promise.reject(new Error('interrupted')),
    };
    await removeCompose(deps({ results: interrupted }), aViewer('ann'), { id, reason: 'wrong tag' });
    expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'DONE', removedBy: 'ann' });
    await finishRemovals(deps({ clock: { now: () => new Date(Date.now() + 3 * 3_600_000) } }));
    expect([exists(`odcs-${id}`), (await store.find(id, READ_ALL))?.state]).toEqual([false, 'REMOVED']);
    // As its owner asked for it.
    const [told] = await test.query(
      'select by, reason from compose_event where compose_id = $1 order by seq desc limit 1',
      [id],
    );
    expect(told).toEqual({ by: 'ann', reason: 'wrong tag' });
  });
});

describe('A sweep leaves', () => {
  async function stays(path: string, overrides: Parameters<typeof deps>[0] = {}): Promise<boolean> {
    await purgeLeftovers(deps(overrides));
    return exists(path);
  }

  it('the files of composes that are waiting, generating, done or failed', async () => {
    for (const state of ['WAIT', 'GENERATING', 'DONE', 'FAILED'] as const) {
      const id = await existing({ state });
      expect(await stays(await directory(`odcs-${id}`))).toBe(true);
      expect(await stays(await directory(`.logs/${id}`))).toBe(true);
    }
  });

  it('directories that changed within the grace time', async () => {
    expect(
      await stays(await directory(`odcs-${await removed()}`), {
        clock: { now: () => new Date(Date.now() + 3_500_000) },
      }),
    ).toBe(true);
  });

  it('directories above the last id, which a restored database gives out again', async () => {
    const last = await store.lastId();
    const paths = [
      await directory(`odcs-${last + 1n}`),
      await directory(`.logs/${last + 7n}`),
      await directory(`.attempts/${last + 1n}.1`),
      await directory('odcs-9223372036854775807'),
      await directory('odcs-9999999999999999999'),
    ];
    await purgeLeftovers(deps());
    expect(paths.filter(exists)).toEqual(paths);
  });

  it('directories with any other name', async () => {
    const id = await removed();
    const names = [
      `odcs-${id}.bak`,
      `odcs-0${id}`,
      `odcs-${id} `,
      `odcs-${id}\n`,
      `odcs--${id}`,
      `ODCS-${id}`,
      `odcs-+${id}`,
      `odcs-${id}e0`,
      'odcs-',
      'odcs-0',
      `xodcs-${id}`,
      id,
      `odcs-${id}\u0660`,
      'odcs-١',
    ];
    const attempts = [
      id,
      `${id}.`,
      `${id}.01`,
      `0${id}.1`,
      `${id}.1.scratch.x`,
      `${id}.1scratch`,
      `.${id}.1`,
      `${id}.1\n`,
    ];
    const logs = [`${id}.log`, `0${id}`, `${id}\n`, '..x'];
    const paths = [];
    for (const path of [
      ...names,
      ...attempts.map((name) => `.attempts/${name}`),
      ...logs.map((name) => `.logs/${name}`),
    ])
      paths.push(await directory(path));
    await purgeLeftovers(deps());
    expect(paths.filter((path) => !exists(path))).toEqual([]);
  });

  it('files and links with the service’s names, and the destinations of the links', async () => {
    const outside = join(top, 'precious');
    await mkdir(outside);
    await writeFile(join(outside, 'file'), 'content');
    const [file, link, dangling, logs, attempt] = [
      await removed(),
      await removed(),
      await removed(),
      await removed(),
      await removed(),
    ];
    await writeFile(join(target, `odcs-${file}`), 'a file');
    await symlink(outside, join(target, `odcs-${link}`));
    await symlink('/nowhere', join(target, `odcs-${dangling}`));
    await symlink(outside, join(target, `.logs/${logs}`));
    await symlink(outside, join(target, `.attempts/${attempt}.1`));
    await purgeLeftovers(deps());
    expect(existsSync(join(outside, 'file'))).toBe(true);
    expect(await readdir(target)).toEqual(expect.arrayContaining([`odcs-${file}`, `odcs-${link}`, `odcs-${dangling}`]));
    expect([await readdir(join(target, '.logs')), await readdir(join(target, '.attempts'))]).toEqual([
      [logs],
      [`${attempt}.1`],
    ]);
  });

  it('the destination of a link inside a leftover', async () => {
    const outside = join(top, 'precious');
    await mkdir(outside);
    await writeFile(join(outside, 'file'), 'content');
    const path = await directory(`odcs-${await removed()}`);
    await symlink(outside, join(target, path, 'link'));
    await purgeLeftovers(deps());
    await expect.poll(() => readdir(join(target, '.trash'))).toEqual([]);
    expect([exists(path), existsSync(join(outside, 'file'))]).toEqual([false, true]);
  });

  it('a leftover that was replaced by a link meanwhile', async () => {
    const path = await directory(`odcs-${await removed()}`);
    const outside = join(top, 'precious');
    const raced: SweptResults = {
      reachableTargets: () => results.reachableTargets(),
      findLeftovers: (name, before) => results.findLeftovers(name, before),
      latestComposeIds: (name) => results.latestComposeIds(name),
      purgeTrash: () => results.purgeTrash(),
      trashCompose: (compose) => results.trashCompose(compose),
      async trashLeftover(name, leftover) {
        await rename(join(target, path), outside);
        await symlink(outside, join(target, path));
        await results.trashLeftover(name, leftover);
      },
    };
    expect(await stays(path, { results: raced })).toBe(true);
    expect(existsSync(join(outside, 'file'))).toBe(true);
  });

  it('the directory of a removed compose that has a reuser', async () => {
    const root = await removed();
    await done({ reuses: root });
    expect(await stays(await directory(`odcs-${root}`))).toBe(true);
  });

  it('a pinned compose in any state', async () => {
    const id = await removed();
    await test.query("insert into pin (compose_id, name, owner, created_at) values ($1, 'x', 'ann', now())", [id]);
    expect(await stays(await directory(`odcs-${id}`))).toBe(true);
  });

  it('the destinations of latest-* links, direct and indirect, also from a directory of a compose type', async () => {
    const [direct, chained, nested, other] = [await removed(), await removed(), await removed(), await removed()];
    for (const id of [direct, chained, nested, other]) await directory(`odcs-${id}`);
    await mkdir(join(target, 'nightly'));
    await symlink(`odcs-${direct}`, join(target, 'latest-direct'));
    await symlink(`../odcs-${chained}`, join(target, 'nightly', 'Pungi-1-20261122.n.0'));
    await symlink('nightly/Pungi-1-20261122.n.0', join(target, 'latest-chained'));
    await symlink(`../odcs-${nested}/compose/..`, join(target, 'nightly', 'latest-nested'));
    await mkdir(join(target, `odcs-${nested}`, 'compose'));
    await symlink(`odcs-${other}`, join(target, 'older-other'));
    await symlink('latest-loop', join(target, 'latest-loop'));
    await symlink('/etc', join(target, 'latest-elsewhere'));
    await purgeLeftovers(deps());
    expect([direct, chained, nested, other].map((id) => exists(`odcs-${id}`))).toEqual([true, true, true, false]);
  });

  it('everything in a target directory that is unreachable or belongs to another database', async () => {
    const id = await removed();
    await directory(`odcs-${id}`);
    await writeFile(join(top, 'a-file'), '');
    const other = await startResults(
      { default: target, absent: join(top, 'a-file', 'nowhere') },
      { instanceId: OTHER_INSTANCE },
    );
    expect(await stays(`odcs-${id}`, { results: other })).toBe(true);
    await other.stop();
    expect(entries).toEqual([]);
  });
});

describe('A latest-* link', () => {
  it('prevents expiring and removing its compose, even when that has begun', async () => {
    const [expired, asked, begun] = [
      await done({ expiresAt: T0 }),
      await done(),
      await done({ removingAt: T0, removedBy: 'ann' }),
    ];
    for (const [index, id] of [expired, asked, begun].entries()) {
      await directory(`odcs-${id}`);
      await symlink(`odcs-${id}`, join(target, `latest-${index}`));
    }
    await expireComposes(deps());
    expect(await removeCompose(deps(), aViewer('boss', { isAdmin: true }), { id: asked, reason: null })).toMatchObject({
      ok: false,
      refusal: { code: 'CONFLICT' },
    });
    await finishRemovals(deps());
    for (const id of [expired, asked, begun])
      expect([exists(`odcs-${id}`), (await store.find(id, READ_ALL))?.state]).toEqual([true, 'DONE']);
    await rm(join(target, 'latest-0'));
    await expireComposes(deps());
    expect([exists(`odcs-${expired}`), (await store.find(expired, READ_ALL))?.state]).toEqual([false, 'REMOVED']);
  });

  it('prevents expiring its compose when it moved there after the sweep read the links', async () => {
    const id = await done({ expiresAt: T0 });
    await directory(`odcs-${id}`);
    const movedMeanwhile: SweptResults = {
      reachableTargets: async () => ['default'],
      findLeftovers: (name, before) => results.findLeftovers(name, before),
      trashLeftover: (name, leftover) => results.trashLeftover(name, leftover),
      purgeTrash: () => results.purgeTrash(),
      trashCompose: (compose) => results.trashCompose(compose),
      latestComposeIds: vi
        .fn<Results['latestComposeIds']>(() => results.latestComposeIds('default'))
        .mockImplementationOnce(async () => {
          await symlink(`odcs-${id}`, join(target, 'latest-moved'));
          return new Set();
        }),
    };
    await expireComposes(deps({ results: movedMeanwhile }));
    expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'DONE', removingAt: null });
    expect(exists(`odcs-${id}`)).toBe(true);
    await rm(join(target, 'latest-moved'));
  });
});

describe('A pin', () => {
  it('of a reuser keeps the directory of the removed reused compose', async () => {
    const root = await done({ expiresAt: T0 });
    const sharer = await done({ expiresAt: T0, reuses: root });
    await directory(`odcs-${root}`);
    await pinCompose(deps(), aViewer('boss', { isAdmin: true }), { id: sharer, name: 'x' });
    await expireComposes(deps());
    await purgeLeftovers(deps());
    expect([
      exists(`odcs-${root}`),
      (await store.find(root, READ_ALL))?.state,
      (await store.find(sharer, READ_ALL))?.state,
    ]).toEqual([true, 'REMOVED', 'DONE']);
  });
});
