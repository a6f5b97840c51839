// How accurate the estimates are, on a simulated history: seeded random times of composes of three kinds.

import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { estimator } from '../../src/app/estimate.ts';
import type { ComposeStore } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import type { EngineName } from '../../src/compose/vocabulary.ts';
import { history } from '../../src/store/history.ts';
import { workerRegistry } from '../../src/store/worker-registry.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { databaseTest as it } from '../support/fixtures.ts';
import { storedCompose } from '../support/stored-compose.ts';

const SLOTS = 4;
/** Requests, and the seconds that they take, give or take a third. */
const KINDS = [
  { repo: '/small', packages: 1, seconds: 8 },
  { repo: '/medium', packages: 40, seconds: 45 },
  { repo: '/large', packages: 0, seconds: 240 },
] as const;
type Kind = (typeof KINDS)[number];
const MAX_ERROR = 0.35;

let seed = 42;
function random(): number {
  seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
  return seed / 2 ** 31;
}

function randomKind(): Kind {
  return KINDS[Math.floor(random() * KINDS.length)] ?? KINDS[0];
}

function randomMs({ seconds }: Kind): number {
  return seconds * 1_000 * (0.67 + 0.66 * random());
}

function sourceOf({ repo, packages }: Kind): Compose['source'] {
  return { type: 'REPO', repo, packages: Array.from({ length: packages }, (_, n) => `p${n}`), revisions: null };
}

async function finished(
  store: ComposeStore,
  source: Compose['source'],
  tookMs: number,
  doneAt: Date,
  engineName: EngineName = 'dnf',
): Promise<void> {
  const startedAt = new Date(doneAt.getTime() - tookMs);
  await storedCompose(store, { source, state: 'DONE', attempt: 1, startedAt, doneAt }, { engineName });
}

function relativeError(estimated: Date | null, seconds: number): number {
  return Math.abs((estimated?.getTime() ?? Number.NaN) - T0.getTime() - seconds * 1_000) / (seconds * 1_000);
}

describe('Estimates', () => {
  it('are close to the times of a simulated queue', async ({ store, database }) => {
    for (let n = 0; n < 150; n += 1) {
      const kind = randomKind();
      await finished(store, sourceOf(kind), randomMs(kind), new Date(T0.getTime() - (150 - n) * 60_000));
    }
    await workerRegistry(database.em).register({
      id: randomUUID(),
      host: 'h',
      bootId: 'b',
      pid: 1,
      pools: ['default'],
      concurrency: SLOTS,
    });
    const estimate = estimator({
      history: history(database.em),
      poolOf: () => 'default',
      clock: { now: () => T0 },
    });

    const slotFreeAfterMs = Array.from({ length: SLOTS }, () => 0);
    const errors: number[] = [];
    for (let position = 1; position <= 60; position += 1) {
      const kind = randomKind();
      const slot = slotFreeAfterMs.indexOf(Math.min(...slotFreeAfterMs));
      const doneAfterMs = (slotFreeAfterMs[slot] ?? 0) + randomMs(kind);
      slotFreeAfterMs[slot] = doneAfterMs;
      errors.push(relativeError(await estimate(aCompose({ source: sourceOf(kind) }), position), doneAfterMs / 1_000));
    }
    const median = errors.toSorted((a, b) => a - b)[30] ?? Number.NaN;
    process.stdout.write(`estimates of 60 waiting composes: median error ${(median * 100).toFixed(0)} %\n`);
    expect(median).toBeLessThan(MAX_ERROR);

    for (const kind of [KINDS[0], KINDS[2]]) {
      const generating = aCompose({ source: sourceOf(kind), state: 'GENERATING', attempt: 1, startedAt: T0 });
      expect(relativeError(await estimate(generating, null), kind.seconds)).toBeLessThan(MAX_ERROR);
    }
  });
});

describe('The history', () => {
  it('counts composes of the same engine; before the first attempt, of the engine of the latest similar compose', async ({
    store,
    database,
  }) => {
    const source: Compose['source'] = {
      type: 'TAG',
      tag: 'f43',
      packages: [],
      builds: [],
      scratchBuildTasks: [],
      modularTags: [],
      moduleDefaults: null,
      kojiEvent: null,
    };
    const generate = async (engineName: EngineName, seconds: number, doneAfterMs: number) => {
      for (let n = 0; n < 5; n += 1)
        await finished(store, source, seconds * 1_000, new Date(T0.getTime() + doneAfterMs + n), engineName);
    };
    const typicalMs = (engineName: EngineName | null) =>
      history(database.em).typicalMs(aCompose({ source, engineName }));
    await generate('pungi', 600, 0);
    expect(await typicalMs('dnf')).toBeNull();
    await generate('dnf', 6, 1_000);
    expect([await typicalMs('pungi'), await typicalMs('dnf'), await typicalMs(null)]).toEqual([600_000, 6_000, 6_000]);
  });

  it('is read by an index, however many composes there are', async ({ server, database }) => {
    await server.query(`
      insert into compose (owner, state, state_reason, attempt, engine_name, source, source_key, seconds_to_live, arches, flags, results, sigkeys, multilib_arches,
        multilib_methods, lookaside_repos, compose_type, target_dir, parent_pungi_compose_ids, submitted_at, started_at, done_at, expires_at)
      select 'o', 'REMOVED', 'r', 1, case when n > 19900 then 'dnf' else 'pungi' end, jsonb_build_object('type', 'REPO', 'repo', '/r' || n % 100, 'packages', '[]'::jsonb), '/r' || n % 100, 1, '{x86_64}', '{}', '{}', '{}', '{}',
        '{}', '{}', 'TEST', 'default', '{}', now(), now() - n * interval '1 s', now() - n * interval '1 s' + interval '20 s', now() from generate_series(1, 20000) n`);
    await server.query('analyze compose');
    const startedAt = performance.now();
    const source = { type: 'REPO', repo: '/r7', packages: [], revisions: null } as const;
    await history(database.em).typicalMs(aCompose({ source, engineName: 'dnf' }));
    expect(performance.now() - startedAt).toBeLessThan(200);
    const plan = await server.query<{ 'QUERY PLAN': string }>(`
      explain select 1 from compose c where compose_likeness(c.source, c.arches) = 'REPO x86_64 0' and c.engine_name = 'dnf' and c.done_at is not null and c.failure is null and c.attempt > 0 and c.reuses is null order by c.done_at desc limit 25`);
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('compose_alike_of_engine');
  });
});
