// How far off the estimates are: a history of composes is simulated, its workers' times drawn at random (seeded), and
// what is told of each waiting compose is held against when the simulation had it done.

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { estimator } from '../../src/app/estimate.ts';
import type { ComposeStore } from '../../src/app/ports.ts';
import type { EngineName } from '../../src/compose/vocabulary.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { history } from '../../src/store/history.ts';
import { workerRegistry } from '../../src/store/worker-registry.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';

const SLOTS = 4;
/** Kinds of requests, and what they take in seconds, give or take a third. */
const KINDS = [
  { repo: '/small', packages: 1, seconds: 8 },
  { repo: '/medium', packages: 40, seconds: 45 },
  { repo: '/large', packages: 0, seconds: 240 },
];
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

let seed = 42;
function random(): number {
  seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
  return seed / 2 ** 31;
}

function request(kind: (typeof KINDS)[number]): Pick<Compose, 'source'> {
  return {
    source: {
      type: 'REPO',
      repo: kind.repo,
      packages: Array.from({ length: kind.packages }, (_, n) => `p${n}`),
      revisions: null,
    },
  };
}
const draw = (kind: (typeof KINDS)[number]) => kind.seconds * 1_000 * (0.67 + 0.66 * random());
const anyKind = () => KINDS[Math.floor(random() * KINDS.length)] ?? KINDS[0]!;

async function finished(
  overrides: Partial<Compose>,
  tookMs: number,
  endedAt: Date,
  engineName: EngineName = 'dnf',
): Promise<void> {
  await store.transaction(async (tx) => {
    const inserted = await tx.insert(aCompose(overrides), null);
    const lifecycle = {
      ...inserted,
      state: 'DONE',
      attempt: 1,
      startedAt: new Date(endedAt.getTime() - tookMs),
      doneAt: endedAt,
    } as const;
    await tx.save(inserted, lifecycle, { kind: 'STATE_CHANGED', at: endedAt, by: 'x', reason: null }, { engineName });
  });
}

const estimates = (now = T0) =>
  estimator({ history: history(database.em), poolOf: () => 'default', clock: { now: () => now } });

it('nothing is told while there is no history, or nobody to work', async () => {
  expect(await estimates()(aCompose(), 1)).toBeNull();
  await finished(request(anyKind()), 1_000, T0);
  expect(await estimates()(aCompose(), 1)).toBeNull();
  await test.query('delete from compose_event');
  await test.query('delete from compose');
});

it('what is told of waiting composes is right enough to show', async () => {
  for (let n = 0; n < 150; n += 1) {
    const kind = anyKind();
    await finished(request(kind), draw(kind), new Date(T0.getTime() - (150 - n) * 60_000));
  }
  await workerRegistry(database.em).register({
    id: randomUUID(),
    host: 'h',
    bootId: 'b',
    pid: 1,
    pools: ['default'],
    concurrency: SLOTS,
  });
  const estimate = estimates();
  const free = Array.from({ length: SLOTS }, () => 0);
  const off: number[] = [];
  for (let position = 1; position <= 60; position += 1) {
    const kind = anyKind();
    const slot = free.indexOf(Math.min(...free));
    const doneAfter = (free[slot] ?? 0) + draw(kind);
    free[slot] = doneAfter;
    const told = await estimate(aCompose(request(kind)), position);
    off.push(Math.abs((told?.getTime() ?? Number.NaN) - T0.getTime() - doneAfter) / doneAfter);
  }
  const median = off.toSorted((a, b) => a - b)[30] ?? Number.NaN;
  process.stdout.write(
    `estimates of 60 waiting composes, ${SLOTS} at a time: median error ${(median * 100).toFixed(0)} % of the time it took\n`,
  );
  expect(median).toBeLessThan(0.35);
});

it('one that waits is told to begin when all before it, and those at work, leave a slot', async () => {
  const secondsTo = async (position: number, running: number): Promise<number> => {
    const busy = { typicalMs: async () => 10_000, load: async () => ({ slots: 2, running, meanMs: 8_000 }) };
    const told = await estimator({ history: busy, poolOf: () => 'default', clock: { now: () => T0 } })(
      aCompose(),
      position,
    );
    return ((told?.getTime() ?? Number.NaN) - T0.getTime()) / 1_000;
  };
  expect(await Promise.all([secondsTo(1, 0), secondsTo(2, 0), secondsTo(3, 0)])).toEqual([10, 10, 14]);
  expect(await Promise.all([secondsTo(1, 1), secondsTo(1, 2), secondsTo(5, 2)])).toEqual([10, 14, 30]);
});

it('one that is being generated is told from composes like it, and never in the past', async () => {
  const [small, , large] = KINDS;
  if (!small || !large) throw new Error('no kinds');
  const running = (kind: (typeof KINDS)[number]) =>
    aCompose({ ...request(kind), state: 'GENERATING', attempt: 1, startedAt: T0 });
  const secondsTo = async (compose: Compose, now = T0) =>
    (((await estimates(now)(compose, null))?.getTime() ?? Number.NaN) - T0.getTime()) / 1_000;
  expect(Math.abs((await secondsTo(running(small))) - small.seconds) / small.seconds).toBeLessThan(0.35);
  expect(Math.abs((await secondsTo(running(large))) - large.seconds) / large.seconds).toBeLessThan(0.35);
  expect(await secondsTo(running(small), new Date(T0.getTime() + 9_999_000))).toBe(9_999);
});

it('tells engines apart: the one that has it, and before that the one that made the latest', async () => {
  const source = {
    source: {
      type: 'TAG',
      tag: 'f43',
      packages: [],
      builds: [],
      scratchBuildTasks: [],
      modularTags: [],
      moduleDefaults: null,
      kojiEvent: null,
    },
  } as const;
  const typicalSeconds = async (engineName: EngineName | null) =>
    ((await history(database.em).typicalMs(aCompose({ ...source, engineName }))) ?? Number.NaN) / 1_000;
  const made = async (engineName: EngineName, seconds: number, after: number) => {
    for (let n = 0; n < 5; n += 1)
      await finished(source, seconds * 1_000, new Date(T0.getTime() + after + n), engineName);
  };
  await made('pungi', 600, 0);
  expect(await typicalSeconds('dnf')).toBeNaN();
  await made('dnf', 6, 1_000);
  expect([await typicalSeconds('pungi'), await typicalSeconds('dnf'), await typicalSeconds(null)]).toEqual([600, 6, 6]);
});

it('is one look-up by an index, however long the history is', async () => {
  await test.query(`
    insert into compose (owner, state, state_reason, attempt, engine_name, source, source_key, seconds_to_live, arches, flags, results, sigkeys, multilib_arches,
      multilib_methods, lookaside_repos, compose_type, target_dir, parent_pungi_compose_ids, submitted_at, started_at, done_at, expires_at)
    select 'o', 'REMOVED', 'r', 1, case when n > 19900 then 'dnf' else 'pungi' end, jsonb_build_object('type', 'REPO', 'repo', '/r' || n % 100, 'packages', '[]'::jsonb), '/r' || n % 100, 1, '{x86_64}', '{}', '{}', '{}', '{}',
      '{}', '{}', 'TEST', 'default', '{}', now(), now() - n * interval '1 s', now() - n * interval '1 s' + interval '20 s', now() from generate_series(1, 20000) n`);
  await test.query('analyze compose');
  const startedAt = performance.now();
  await history(database.em).typicalMs(
    aCompose({ source: { type: 'REPO', repo: '/r7', packages: [], revisions: null }, engineName: 'dnf' }),
  );
  const plan = await test.query<{ 'QUERY PLAN': string }>(`
    explain select 1 from compose c where compose_likeness(c.source, c.arches) = 'REPO x86_64 0' and c.engine_name = 'dnf' and c.done_at is not null and c.failure is null and c.attempt > 0 and c.reuses is null order by c.done_at desc limit 25`);
  expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('compose_alike_of_engine');
  expect(performance.now() - startedAt).toBeLessThan(200);
});
