// The links latest-… that a crash left where they were, on a real file system and a real PostgreSQL.

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readlink, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { updateLatestLinks, updateDueLatestLinks } from '../../src/app/update-latest-links.ts';
import type { ComposeStore, Results } from '../../src/app/ports.ts';
import { removeCompose } from '../../src/app/remove-compose.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { createResults } from '../../src/results/directory-results.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { silentLogger } from '../support/logger.ts';
import { aViewer } from '../support/request-rules.ts';

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
  results = createResults({
    targetDirs: { default: target },
    instanceId: '00000000-0000-4000-8000-00000000000a',
    adopt: false,
    publicUrl: 'http://x',
    minFreeBytes: 0,
    logger: silentLogger,
  });
  await results.start();
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

/** Published, and DONE so many seconds after T0; its worker died right then. */
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
const leadsTo = ({ id }: Compose) => `../odcs-${id}`;

it('lead to a compose that was DONE when its worker died, once the sweep has seen it', async () => {
  const compose = await published(1, 'RC-1.0');
  expect(await latest()).toBeNull();
  await updateDueLatestLinks(deps());
  expect([await latest(), await latest('latest-Raw-1.0-RC-1.0')]).toEqual([leadsTo(compose), leadsTo(compose)]);
  expect(await store.due({ what: 'LATEST_LINKS', targetDirs: ['default'], limit: 10 })).toEqual([]);
  // What they are made of lies in the trash, and nothing of it stays.
  expect(await readdir(join(target, 'test'))).toHaveLength(3);
});

it('are not led back to one that was DONE earlier', async () => {
  const [newer, older] = [await published(2), await published(1, 'RC-1.0')];
  await updateLatestLinks(deps(), newer.id);
  await updateDueLatestLinks(deps());
  expect([await latest(), await latest('latest-Raw-1.0-RC-1.0')]).toEqual([leadsTo(newer), leadsTo(older)]);
});

it('are compared over the connection of their own transaction', async () => {
  await updateLatestLinks(deps(), (await published(1)).id);
  const newer = await published(2);
  const oneConnection = await openTestDatabase(test, 1);
  try {
    await updateLatestLinks({ ...deps(), store: composeStore(oneConnection, noQueue) }, newer.id);
  } finally {
    await oneConnection.close();
  }
  expect(await latest()).toBe(leadsTo(newer));
});

it('are moved one at a time: whoever looked before another was DONE does not lead away from it', async () => {
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
  expect(await latest()).toBe(leadsTo(newer));
});

it('never come to lead to a compose that is removed meanwhile', async () => {
  const compose = await published(1);
  const removed = await removeCompose(deps(), aViewer('ann'), { id: compose.id, reason: null });
  expect(removed).toMatchObject({ ok: true, value: { state: 'REMOVED' } });
  await updateDueLatestLinks(deps());
  expect([await latest(), existsSync(join(target, `odcs-${compose.id}`))]).toEqual([null, false]);
  expect(await store.due({ what: 'LATEST_LINKS', targetDirs: ['default'], limit: 10 })).toEqual([]);
});
