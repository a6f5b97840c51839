// Clearing away what nobody needs, on a real file system and a real PostgreSQL: what goes, and above all what does not.

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
import { createResults } from '../../src/results/directory-results.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { keepingLogger, silentLogger, type LogEntry } from '../support/logger.ts';
import { aViewer } from '../support/request-rules.ts';

const INSTANCE = '00000000-0000-4000-8000-00000000000a';
type Swept = Pick<
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
  results = await open({ default: target });
});
afterEach(async () => {
  await results.stop();
  await rm(top, { recursive: true });
});

async function open(targetDirs: Record<string, string>, instanceId = INSTANCE): Promise<Results> {
  const opened = createResults({
    targetDirs,
    instanceId,
    adopt: false,
    publicUrl: 'http://x',
    minFreeBytes: 0,
    logger: silentLogger,
  });
  await opened.start();
  return opened;
}

/** As a service whose clock is two hours ahead of the files. */
function deps(overrides: { readonly results?: Swept; readonly clock?: Clock } = {}) {
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

/** An id that the database gave out and that no row has: its transaction was rolled back. */
async function unknown(): Promise<string> {
  const [row] = await test.query<{ id: string }>("select nextval(pg_get_serial_sequence('compose', 'id')) as id");
  return row?.id ?? '';
}

async function directory(path: string): Promise<string> {
  await mkdir(join(target, path), { recursive: true });
  await writeFile(join(target, path, 'file'), 'content');
  return path;
}
const isThere = (path: string) => existsSync(join(target, path));

describe('what goes', () => {
  it('published directories and logs of composes that are removed, or that the database does not know', async () => {
    const ids = [await removed(), await unknown()];
    const paths = [];
    for (const id of ids) paths.push(await directory(`odcs-${id}`), await directory(`.logs/${id}`));
    await purgeLeftovers(deps());
    expect(paths.filter(isThere)).toEqual([]);
    await expect.poll(() => readdir(join(target, '.trash'))).toEqual([]);
  });

  it('attempts that are nobody’s, scratch included, and not the one that is under way', async () => {
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
    expect(stale.filter(isThere)).toEqual([]);
    expect(current.filter(isThere)).toEqual(current);
  });

  it('what a process that died has left in the trash: half a compose, the file of a look at whether it can be written', async () => {
    const [tree, probe] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
    await directory(`.trash/${tree}/compose`);
    await writeFile(join(target, '.trash', probe), 'probe');
    const emptied = vi.spyOn(results, 'purgeTrash');
    await purgeLeftovers(deps());
    expect(emptied).toHaveBeenCalled();
    await expect.poll(() => readdir(join(target, '.trash'))).toEqual([]);
  });

  it('what a removal that was cut off has left', async () => {
    const id = await done({ owner: 'ann' });
    await directory(`odcs-${id}`);
    const cut = {
      ...results,
      reachableTargets: async () => ['default'],
      latestComposeIds: async () => new Set<string>(),
      trashCompose: () => Promise.reject(new Error('cut off')),
    };
    await removeCompose(deps({ results: cut }), aViewer('ann'), { id, reason: 'wrong tag' });
    expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'DONE', removedBy: 'ann' });
    await finishRemovals(deps({ clock: { now: () => new Date(Date.now() + 3 * 3_600_000) } }));
    expect([isThere(`odcs-${id}`), (await store.find(id, READ_ALL))?.state]).toEqual([false, 'REMOVED']);
    // As its owner asked for it.
    const [told] = await test.query(
      'select by, reason from compose_event where compose_id = $1 order by seq desc limit 1',
      [id],
    );
    expect(told).toEqual({ by: 'ann', reason: 'wrong tag' });
  });
});

describe('what stays', () => {
  async function stays(path: string, overrides: Parameters<typeof deps>[0] = {}): Promise<boolean> {
    await purgeLeftovers(deps(overrides));
    return isThere(path);
  }

  it('what composes that are there have: waiting, generating, done, failed', async () => {
    for (const state of ['WAIT', 'GENERATING', 'DONE', 'FAILED'] as const) {
      const id = await existing({ state });
      expect(await stays(await directory(`odcs-${id}`))).toBe(true);
      expect(await stays(await directory(`.logs/${id}`))).toBe(true);
    }
  });

  it('what was touched within the grace time', async () => {
    expect(
      await stays(await directory(`odcs-${await removed()}`), {
        clock: { now: () => new Date(Date.now() + 3_500_000) },
      }),
    ).toBe(true);
  });

  it('directories above the last id: a restored database gives them out once more', async () => {
    const last = await store.lastId();
    const paths = [
      await directory(`odcs-${last + 1n}`),
      await directory(`.logs/${last + 7n}`),
      await directory(`.attempts/${last + 1n}.1`),
      await directory('odcs-9223372036854775807'),
      await directory('odcs-9999999999999999999'),
    ];
    await purgeLeftovers(deps());
    expect(paths.filter(isThere)).toEqual(paths);
  });

  it('names that are not exactly ours', async () => {
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
    expect(paths.filter((path) => !isThere(path))).toEqual([]);
  });

  it('files and links by our names, and whatever the links lead to', async () => {
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

  it('what a link inside a leftover leads to, though the leftover goes', async () => {
    const outside = join(top, 'precious');
    await mkdir(outside);
    await writeFile(join(outside, 'file'), 'content');
    const path = await directory(`odcs-${await removed()}`);
    await symlink(outside, join(target, path, 'link'));
    await purgeLeftovers(deps());
    await expect.poll(() => readdir(join(target, '.trash'))).toEqual([]);
    expect([isThere(path), existsSync(join(outside, 'file'))]).toEqual([false, true]);
  });

  it('what became a link between looking and clearing', async () => {
    const path = await directory(`odcs-${await removed()}`);
    const outside = join(top, 'precious');
    const raced: Swept = {
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

  it('the directory of a removed compose that others share', async () => {
    const root = await removed();
    await done({ reuses: root });
    expect(await stays(await directory(`odcs-${root}`))).toBe(true);
  });

  it('what is pinned, whatever its record says', async () => {
    const id = await removed();
    await test.query("insert into pin (compose_id, name, owner, created_at) values ($1, 'x', 'ann', now())", [id]);
    expect(await stays(await directory(`odcs-${id}`))).toBe(true);
  });

  it('what a link latest-… points to, directly, by way of another link, or from a directory of a compose type', async () => {
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
    expect([direct, chained, nested, other].map((id) => isThere(`odcs-${id}`))).toEqual([true, true, true, false]);
  });

  it('everything in a directory that is not there, or another database’s', async () => {
    const id = await removed();
    await directory(`odcs-${id}`);
    await writeFile(join(top, 'a-file'), '');
    const stranger = await open(
      { default: target, absent: join(top, 'a-file', 'nowhere') },
      '00000000-0000-4000-8000-00000000000b',
    );
    expect(await stays(`odcs-${id}`, { results: stranger })).toBe(true);
    await stranger.stop();
    expect(entries).toEqual([]);
  });
});

describe('a link latest-…', () => {
  it('keeps a compose from expiring and from being removed, also where that had begun', async () => {
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
      expect([isThere(`odcs-${id}`), (await store.find(id, READ_ALL))?.state]).toEqual([true, 'DONE']);
    await rm(join(target, 'latest-0'));
    await expireComposes(deps());
    expect([isThere(`odcs-${expired}`), (await store.find(expired, READ_ALL))?.state]).toEqual([false, 'REMOVED']);
  });

  it('keeps a compose from expiring when it moves there after the sweep has read the links', async () => {
    const id = await done({ expiresAt: T0 });
    await directory(`odcs-${id}`);
    const movedMeanwhile: Swept = {
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
    expect(isThere(`odcs-${id}`)).toBe(true);
    await rm(join(target, 'latest-moved'));
  });
});

describe('a pin', () => {
  it('of a sharer keeps the directory of its removed root over a sweep', async () => {
    const root = await done({ expiresAt: T0 });
    const sharer = await done({ expiresAt: T0, reuses: root });
    await directory(`odcs-${root}`);
    await pinCompose(deps(), aViewer('boss', { isAdmin: true }), { id: sharer, name: 'x' });
    await expireComposes(deps());
    await purgeLeftovers(deps());
    expect([
      isThere(`odcs-${root}`),
      (await store.find(root, READ_ALL))?.state,
      (await store.find(sharer, READ_ALL))?.state,
    ]).toEqual([true, 'REMOVED', 'DONE']);
  });
});
