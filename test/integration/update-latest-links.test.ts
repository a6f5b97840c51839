// Updating latest-* links after a crash, on a real file system and a real PostgreSQL.

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readlink, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { updateLatestLinks, updateDueLatestLinks } from '../../src/app/update-latest-links.ts';
import type { ComposeStore, Results } from '../../src/app/ports.ts';
import { removeCompose } from '../../src/app/remove-compose.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { silentLogger } from '../support/logger.ts';
import { aViewer } from '../support/request-rules.ts';
import { startResults } from '../support/target-fixture.ts';

let test: TestDatabase;
let database: Database;
let store: ComposeStore;
let target: string;
let results: Results;

beforeEach(async () => {
  test = await createTestDatabase();
  database = await openTestDatabase(test);
  store = composeStore(database, noQueue);
  target = join(await realpath(await mkdtemp(join(tmpdir(), 'odcs-links-'))), 'composes');
  results = await startResults({ default: target });
});
afterEach(async () => {
  await results.stop();
  await database.close();
  await test.drop();
  await rm(join(target, '..'), { recursive: true });
});

const deps = () => ({
  store,
  results,
  logger: silentLogger,
  clock: { now: () => new Date() },
  rules: { maxLosses: 3 },
});

/** A compose that became DONE `seconds` after T0, when its worker died. */
async function published(seconds: number, label: string | null = null): Promise<Compose> {
  const source = {
    type: 'RAW_CONFIG',
    name: 'raw',
    commit: 'main',
    resolvedCommit: null,
    kojiEvent: null,
    builds: [],
    modules: [],
  } as const;
  return store.transaction(async (tx) => {
    const inserted = await tx.insert(aCompose({ owner: 'ann', source, label }), null);
    const attempt = await results.beginAttempt({ ...inserted, state: 'GENERATING', attempt: 1 });
    await mkdir(join(attempt.directory, 'compose'));
    const next = { ...inserted, state: 'DONE', attempt: 1, doneAt: new Date(T0.getTime() + seconds * 1_000) } as const;
    const done = await tx.save(
      inserted,
      next,
      { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null },
      { linksDue: true, pungiComposeId: `Raw-1.0-20261122.t.${inserted.id}` },
    );
    await results.publish(done, attempt);
    return done;
  });
}

const latest = (name = 'latest-Raw-1.0') => readlink(join(target, 'test', name)).catch(() => null);
const linkTo = ({ id }: Compose) => `../odcs-${id}`;

it('A sweep links a compose whose worker died when it was DONE', async () => {
  const compose = await published(1, 'RC-1.0');
  expect(await latest()).toBeNull();
  await updateDueLatestLinks(deps());
  expect([await latest(), await latest('latest-Raw-1.0-RC-1.0')]).toEqual([linkTo(compose), linkTo(compose)]);
  expect(await store.due({ what: 'LATEST_LINKS', targetDirs: ['default'], limit: 10 })).toEqual([]);
  // The links are drafted in the trash.
  expect(await readdir(join(target, 'test'))).toHaveLength(3);
});

it('A sweep does not replace a link to a newer compose', async () => {
  const [newer, older] = [await published(2), await published(1, 'RC-1.0')];
  await updateLatestLinks(deps(), newer.id);
  await updateDueLatestLinks(deps());
  expect([await latest(), await latest('latest-Raw-1.0-RC-1.0')]).toEqual([linkTo(newer), linkTo(older)]);
});

it('Composes are compared over the connection of their own transaction', async () => {
  await updateLatestLinks(deps(), (await published(1)).id);
  const newer = await published(2);
  const oneConnection = await openTestDatabase(test, 1);
  try {
    await updateLatestLinks({ ...deps(), store: composeStore(oneConnection, noQueue) }, newer.id);
  } finally {
    await oneConnection.close();
  }
  expect(await latest()).toBe(linkTo(newer));
});

it('Links are updated one at a time, so that a slow update does not replace a newer one', async () => {
  await updateLatestLinks(deps(), (await published(0)).id);
  const [older, newer] = [await published(1), await published(2)];
  const looked = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const slow: Pick<Results, 'linkLatest'> = {
    linkLatest: (compose, isNewer) =>
      results.linkLatest(compose, async (other) => {
        const answer = await isNewer(other);
        looked.resolve();
        await goOn.promise;
        return answer;
      }),
  };
  const first = updateLatestLinks({ store, results: slow }, older.id);
  await looked.promise;
  let isMoved = false;
  const second = updateLatestLinks(deps(), newer.id).then(() => (isMoved = true));
  const isWaiting = async () =>
    (await test.query("select from pg_locks where locktype = 'advisory' and not granted")).length > 0;
  await expect.poll(async () => isMoved || (await isWaiting())).toBe(true);
  goOn.resolve();
  await Promise.all([first, second]);
  expect(await latest()).toBe(linkTo(newer));
});

it('A compose that is removed meanwhile is not linked', async () => {
  const compose = await published(1);
  const removed = await removeCompose(deps(), aViewer('ann'), { id: compose.id, reason: null });
  expect(removed).toMatchObject({ ok: true, value: { state: 'REMOVED' } });
  await updateDueLatestLinks(deps());
  expect([await latest(), existsSync(join(target, `odcs-${compose.id}`))]).toEqual([null, false]);
  expect(await store.due({ what: 'LATEST_LINKS', targetDirs: ['default'], limit: 10 })).toEqual([]);
});
