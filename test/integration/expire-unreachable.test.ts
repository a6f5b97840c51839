// Composes in target directories that are configured nowhere any more.

import { afterEach, beforeEach, expect, it } from 'vitest';
import { expireUnreachable } from '../../src/app/expire-unreachable.ts';
import { pinCompose } from '../../src/app/pin-compose.ts';
import type { ComposeStore, KnownTargets, PackageRecord } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { knownTargets } from '../../src/store/known-targets.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { silentLogger } from '../support/logger.ts';
import { aViewer } from '../support/request-rules.ts';

let test: TestDatabase;
let database: Database;
let store: ComposeStore;
let targets: KnownTargets;

beforeEach(async () => {
  test = await createTestDatabase();
  database = await openTestDatabase(test);
  store = composeStore(database, noQueue);
  targets = knownTargets(database.run);
});
afterEach(async () => {
  await database.close();
  await test.drop();
});

const nobody = () => Promise.reject(new Error('No files are touched'));
const deps = () => ({
  store,
  knownTargets: targets,
  logger: silentLogger,
  clock: { now: () => new Date() },
  rules: { maxLosses: 3 },
  maxWaitSeconds: 1e9,
  results: { reachableTargets: nobody, latestComposeIds: nobody, trashCompose: nobody },
});

async function done(overrides: Partial<Compose>): Promise<string> {
  return store.transaction(async (tx) => {
    const inserted = await tx.insert(aCompose({ owner: 'ann', ...overrides }), null);
    const next = {
      ...inserted,
      state: 'DONE',
      doneAt: T0,
      expiresAt: new Date(Date.now() - 1_000),
      ...overrides,
      id: inserted.id,
    } as const;
    return (await tx.save(inserted, next, { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null })).id;
  });
}

/** As if so many hours had passed for what the database knows of target directories. */
async function hoursLater(hours: number): Promise<void> {
  await test.query(
    "update target_dir set known_at = known_at - $1 * interval '1 hour', missing_since = missing_since - $1 * interval '1 hour'",
    [hours],
  );
}

async function packagesOf(id: string): Promise<number> {
  const rows = await test.query('select from compose_package where compose_id = $1', [id]);
  return rows.length;
}

function aPackage(): PackageRecord {
  return {
    nevra: 'bash-0:5.2-1.x86_64',
    name: 'bash',
    arch: 'x86_64',
    sourceNevra: null,
    sigkey: null,
    path: 'Everything/x86_64/os/Packages/b/bash-5.2-1.x86_64.rpm',
    sizeBytes: 1,
    treeArch: 'x86_64',
    category: 'binary',
  };
}

async function stateOf(id: string): Promise<string | undefined> {
  return (await store.find(id, READ_ALL))?.state;
}

it('are REMOVED a day after that is noticed, and their last event says why their files were not', async () => {
  await targets.know(['old', 'default']);
  const [expired, asked] = [
    await done({ targetDir: 'old' }),
    await done({ targetDir: 'old', removingAt: T0, removedBy: 'ann', removalReason: 'wrong tag' }),
  ];
  const others = [
    await done({ targetDir: 'default' }),
    await done({ targetDir: 'old', expiresAt: new Date(Date.now() + 1e9) }),
    await done({ targetDir: 'old' }),
  ];
  await pinCompose(deps(), aViewer('ann'), { id: others[2] ?? '', name: 'kept' });
  await hoursLater(1);
  await targets.know(['default']);
  await expireUnreachable(deps());
  await hoursLater(23);
  await targets.know(['default']);
  await expireUnreachable(deps());
  expect(await stateOf(expired)).toBe('DONE');
  await hoursLater(1.1);
  await targets.know(['default']);
  await expireUnreachable(deps());
  expect([await stateOf(expired), await stateOf(asked)]).toEqual(['REMOVED', 'REMOVED']);
  for (const id of others) expect(await stateOf(id)).toBe('DONE');
  const told = await test.query("select by, reason from compose_event where to_state = 'REMOVED' order by compose_id");
  const outOfReach = 'its files are out of reach: the target directory old is configured nowhere';
  expect(told).toEqual([
    { by: 'system', reason: `expired; ${outOfReach}` },
    { by: 'ann', reason: `wrong tag; ${outOfReach}` },
  ]);
});

it('keep the packages of a reused compose until its last reuser is removed', async () => {
  await targets.know(['old']);
  const reused = await done({ targetDir: 'old' });
  const reuser = await done({ targetDir: 'old', reuses: reused, expiresAt: new Date(Date.now() + 60_000) });
  await store.transaction((tx) => tx.insertPackages(reused, [aPackage()]));
  await hoursLater(1);
  await targets.know(['default']);
  await expireUnreachable(deps());
  await hoursLater(25);
  await targets.know(['default']);
  await expireUnreachable(deps());
  expect([await stateOf(reused), await stateOf(reuser), await packagesOf(reused)]).toEqual(['REMOVED', 'DONE', 1]);
  await expireUnreachable({ ...deps(), clock: { now: () => new Date(Date.now() + 120_000) } });
  expect([await stateOf(reuser), await packagesOf(reused)]).toEqual(['REMOVED', 0]);
});

it('are let be where nobody ran for long, and where somebody knows the directory again', async () => {
  await targets.know(['old']);
  const id = await done({ targetDir: 'old' });
  // The whole service was away.
  await hoursLater(100);
  await expireUnreachable(deps());
  await targets.know(['old']);
  await hoursLater(25);
  await expireUnreachable(deps());
  expect(await stateOf(id)).toBe('DONE');
});
