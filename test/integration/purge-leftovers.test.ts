// Which directories the purge deletes, and above all which it keeps.

import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, vi } from 'vitest';
import { finishRemovals } from '../../src/app/finish-removals.ts';
import type { ComposeStore, Logger, Results } from '../../src/app/ports.ts';
import { purgeLeftovers } from '../../src/app/purge-leftovers.ts';
import { removeCompose } from '../../src/app/remove-compose.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { T0 } from '../support/composes.ts';
import type { TestDatabase } from '../support/database.ts';
import { keepingLogger, silentLogger } from '../support/logger.ts';
import { aViewer } from '../support/request-rules.ts';
import { storedCompose } from '../support/stored-compose.ts';
import { it as base, OTHER_INSTANCE, purged } from '../support/target-fixture.ts';

const HOUR_MS = 3_600_000;

/** A target directory with shortcuts; the clock of its purge is two hours ahead of its files. */
class Directories {
  readonly store: ComposeStore;
  readonly results: Results;
  readonly server: TestDatabase;
  readonly top: string;
  readonly target: string;

  constructor(parts: { store: ComposeStore; results: Results; server: TestDatabase; top: string; target: string }) {
    this.store = parts.store;
    this.results = parts.results;
    this.server = parts.server;
    this.top = parts.top;
    this.target = parts.target;
  }

  deps(overrides: { readonly results?: Results; readonly hoursAhead?: number; readonly logger?: Logger } = {}) {
    const { results = this.results, hoursAhead = 2, logger = silentLogger } = overrides;
    const clock = { now: () => new Date(Date.now() + hoursAhead * HOUR_MS) };
    return { store: this.store, results, graceSeconds: 3_600, clock, logger, rules: { maxLosses: 3 } };
  }

  async stored(overrides: Partial<Compose>): Promise<string> {
    const expiresAt = new Date(Date.now() + 1e9);
    return (await storedCompose(this.store, { expiresAt, ...overrides })).id;
  }

  removed(overrides: Partial<Compose> = {}): Promise<string> {
    return this.stored({ state: 'REMOVED', removingAt: T0, ...overrides });
  }

  /** An id that the database gave out, of a transaction that was rolled back. */
  async unknownId(): Promise<string> {
    const [row] = await this.server.query<{ id: string }>(
      "select nextval(pg_get_serial_sequence('compose', 'id')) as id",
    );
    return row?.id ?? '';
  }

  async make(path: string): Promise<string> {
    await mkdir(join(this.target, path), { recursive: true });
    await writeFile(join(this.target, path, 'file'), 'content');
    return path;
  }

  exists(path: string): boolean {
    return existsSync(join(this.target, path));
  }

  /** A directory outside of the target directory that must never change. */
  async outside(): Promise<string> {
    const path = join(this.top, 'precious');
    await mkdir(path);
    await writeFile(join(path, 'file'), 'content');
    return path;
  }

  /** Whether the path is there after a purge. */
  async survives(path: string, overrides: Parameters<Directories['deps']>[0] = {}): Promise<boolean> {
    await purgeLeftovers(this.deps(overrides));
    return this.exists(path);
  }
}

const it = base.extend('directories', ({ store, results, server, top, target }) => {
  return new Directories({ store, results, server, top, target });
});

describe('The purge deletes', () => {
  it('published directories and logs of composes that are removed or unknown', async ({ directories, target }) => {
    const paths = [];
    for (const id of [await directories.removed(), await directories.unknownId()])
      paths.push(await directories.make(`odcs-${id}`), await directories.make(`.logs/${id}`));
    await purgeLeftovers(directories.deps());
    expect(paths.filter((path) => directories.exists(path))).toEqual([]);
    await purged(target);
  });

  it('attempts that have ended, with their scratch, and not the running one', async ({ directories }) => {
    const generating = await directories.stored({ state: 'GENERATING', attempt: 3 });
    const failed = await directories.stored({ state: 'FAILED', attempt: 1 });
    const waiting = await directories.stored({ state: 'WAIT', attempt: 2 });
    const running = [`${generating}.3`, `${generating}.3.scratch`];
    const ended = [`${generating}.2`, `${generating}.2.scratch`, `${failed}.1`, `${waiting}.2`];
    ended.push(`${await directories.unknownId()}.1`);
    for (const name of [...running, ...ended]) await directories.make(`.attempts/${name}`);
    await purgeLeftovers(directories.deps());
    expect(ended.filter((name) => directories.exists(`.attempts/${name}`))).toEqual([]);
    expect(running.filter((name) => directories.exists(`.attempts/${name}`))).toEqual(running);
  });

  it('what a dead process left in the trash', async ({ directories, results, target }) => {
    await directories.make('.trash/11111111-1111-4111-8111-111111111111/compose');
    await writeFile(join(target, '.trash', '22222222-2222-4222-8222-222222222222'), 'a probe');
    const purge = vi.spyOn(results, 'purgeTrash');
    await purgeLeftovers(directories.deps());
    expect(purge).toHaveBeenCalled();
    await purged(target);
  });

  it('a leftover that contains a link, and not the target of the link', async ({ directories, target }) => {
    const outside = await directories.outside();
    const path = await directories.make(`odcs-${await directories.removed()}`);
    await symlink(outside, join(target, path, 'link'));
    await purgeLeftovers(directories.deps());
    await purged(target);
    expect([directories.exists(path), existsSync(join(outside, 'file'))]).toEqual([false, true]);
  });
});

describe('An interrupted removal', () => {
  it('is finished by a chore, in the name of the viewer who requested it', async ({ directories, results, server }) => {
    const id = await directories.stored({ state: 'DONE', doneAt: T0, owner: 'ann' });
    await directories.make(`odcs-${id}`);
    vi.spyOn(results, 'trashCompose').mockRejectedValueOnce(new Error('interrupted'));
    await removeCompose(directories.deps(), aViewer('ann'), { id, reason: 'wrong tag' });
    expect(await directories.store.find(id, READ_ALL)).toMatchObject({ state: 'DONE', removedBy: 'ann' });
    await finishRemovals(directories.deps({ hoursAhead: 3 }));
    expect([directories.exists(`odcs-${id}`), (await directories.store.find(id, READ_ALL))?.state]).toEqual([
      false,
      'REMOVED',
    ]);
    const events = await server.query('select by, reason from compose_event where compose_id = $1 order by seq', [id]);
    expect(events.at(-1)).toEqual({ by: 'ann', reason: 'wrong tag' });
  });
});

describe('The purge keeps', () => {
  it('the directories of composes in WAIT, GENERATING, DONE and FAILED', async ({ directories }) => {
    for (const state of ['WAIT', 'GENERATING', 'DONE', 'FAILED'] as const) {
      const id = await directories.stored({ state });
      expect(await directories.survives(await directories.make(`odcs-${id}`))).toBe(true);
      expect(await directories.survives(await directories.make(`.logs/${id}`))).toBe(true);
    }
  });

  it('what was modified within the grace time', async ({ directories }) => {
    const path = await directories.make(`odcs-${await directories.removed()}`);
    expect(await directories.survives(path, { hoursAhead: 0.97 })).toBe(true);
  });

  it('directories above the last id, which a restored database gives out again', async ({ directories, store }) => {
    const last = await store.lastId();
    const paths = [
      await directories.make(`odcs-${last + 1n}`),
      await directories.make(`.logs/${last + 7n}`),
      await directories.make(`.attempts/${last + 1n}.1`),
      await directories.make('odcs-9223372036854775807'),
      await directories.make('odcs-9999999999999999999'),
    ];
    await purgeLeftovers(directories.deps());
    expect(paths.filter((path) => directories.exists(path))).toEqual(paths);
  });

  it('names that are not exactly those of the service', async ({ directories }) => {
    const id = await directories.removed();
    const names = [`odcs-${id}.bak`, `odcs-0${id}`, `odcs-${id} `, `odcs-${id}\n`, `odcs--${id}`, `ODCS-${id}`];
    names.push(`odcs-+${id}`, `odcs-${id}e0`, 'odcs-', 'odcs-0', `xodcs-${id}`, id, `odcs-${id}\u0660`, 'odcs-١');
    const attempts = [id, `${id}.`, `${id}.01`, `0${id}.1`, `${id}.1.scratch.x`, `${id}.1scratch`, `.${id}.1`];
    attempts.push(`${id}.1\n`);
    const logs = [`${id}.log`, `0${id}`, `${id}\n`, '..x'];
    const paths = [...names, ...attempts.map((name) => `.attempts/${name}`), ...logs.map((name) => `.logs/${name}`)];
    for (const path of paths) await directories.make(path);
    await purgeLeftovers(directories.deps());
    expect(paths.filter((path) => !directories.exists(path))).toEqual([]);
  });

  it('files and links with the names of the service, and the targets of the links', async ({ directories, target }) => {
    const outside = await directories.outside();
    const ids = [];
    for (let count = 0; count < 5; count += 1) ids.push(await directories.removed());
    const [file, link, dangling, logs, attempt] = ids;
    await writeFile(join(target, `odcs-${file}`), 'a file');
    await symlink(outside, join(target, `odcs-${link}`));
    await symlink('/nowhere', join(target, `odcs-${dangling}`));
    await symlink(outside, join(target, `.logs/${logs}`));
    await symlink(outside, join(target, `.attempts/${attempt}.1`));
    await purgeLeftovers(directories.deps());
    expect(existsSync(join(outside, 'file'))).toBe(true);
    expect(await readdir(target)).toEqual(expect.arrayContaining([`odcs-${file}`, `odcs-${link}`, `odcs-${dangling}`]));
    expect(await readdir(join(target, '.logs'))).toEqual([logs]);
    expect(await readdir(join(target, '.attempts'))).toEqual([`${attempt}.1`]);
  });

  it('a directory that was replaced by a link after it was found', async ({ directories, results, target, top }) => {
    const path = await directories.make(`odcs-${await directories.removed()}`);
    const outside = join(top, 'precious');
    const trashLeftover = results.trashLeftover.bind(results);
    vi.spyOn(results, 'trashLeftover').mockImplementationOnce(async (name, leftover) => {
      await rename(join(target, path), outside);
      await symlink(outside, join(target, path));
      await trashLeftover(name, leftover);
    });
    expect(await directories.survives(path)).toBe(true);
    expect(existsSync(join(outside, 'file'))).toBe(true);
  });

  it('the directory of a removed compose that has a reuser', async ({ directories }) => {
    const reused = await directories.removed();
    await directories.stored({ state: 'DONE', doneAt: T0, reuses: reused });
    expect(await directories.survives(await directories.make(`odcs-${reused}`))).toBe(true);
  });

  it('the directory of a removed compose that has a pin', async ({ directories, server }) => {
    const id = await directories.removed();
    await server.query("insert into pin (compose_id, name, owner, created_at) values ($1, 'x', 'ann', now())", [id]);
    expect(await directories.survives(await directories.make(`odcs-${id}`))).toBe(true);
  });

  it('composes that a latest-* link points to, also through another link or from a subdirectory', async ({
    directories,
    target,
  }) => {
    const ids = [];
    for (let count = 0; count < 4; count += 1) ids.push(await directories.removed());
    for (const id of ids) await directories.make(`odcs-${id}`);
    const [direct, chained, nested, other] = ids;
    await mkdir(join(target, 'nightly'));
    await symlink(`odcs-${direct}`, join(target, 'latest-direct'));
    await symlink(`../odcs-${chained}`, join(target, 'nightly', 'Pungi-1-20261122.n.0'));
    await symlink('nightly/Pungi-1-20261122.n.0', join(target, 'latest-chained'));
    await symlink(`../odcs-${nested}/compose/..`, join(target, 'nightly', 'latest-nested'));
    await mkdir(join(target, `odcs-${nested}`, 'compose'));
    await symlink(`odcs-${other}`, join(target, 'older-other'));
    await symlink('latest-loop', join(target, 'latest-loop'));
    await symlink('/etc', join(target, 'latest-elsewhere'));
    await purgeLeftovers(directories.deps());
    expect(ids.map((id) => directories.exists(`odcs-${id}`))).toEqual([true, true, true, false]);
  });

  it('everything in a directory that is absent or of another database', async ({
    directories,
    openResults,
    top,
    target,
  }) => {
    const path = await directories.make(`odcs-${await directories.removed()}`);
    await writeFile(join(top, 'a-file'), '');
    const other = await openResults({
      targetDirs: { default: target, absent: join(top, 'a-file', 'nowhere') },
      instanceId: OTHER_INSTANCE,
    });
    const { logger, entries } = keepingLogger();
    expect(await directories.survives(path, { results: other, logger })).toBe(true);
    expect(entries).toEqual([]);
  });
});
