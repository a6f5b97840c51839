// Fixtures for tests of results, besides those of a database: a target directory in a temporary directory, and results
// that use it.

import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { AttemptDirectory, Results } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { createResults, type ResultsOptions } from '../../src/results/directory-results.ts';
import { aCompose, T0 } from './composes.ts';
import { databaseTest } from './fixtures.ts';
import { silentLogger } from './logger.ts';

/** Ids of two databases. */
export const INSTANCE = '00000000-0000-4000-8000-00000000000a';
export const OTHER_INSTANCE = '00000000-0000-4000-8000-00000000000b';
export const PUBLIC_URL = 'https://odcs.example/odcs';

export interface TargetFixtures {
  /** A temporary directory. */
  readonly top: string;
  /** The target directory; it does not exist at first. */
  readonly target: string;
  /** Starts results on the target directory, and stops them after the test. */
  readonly openResults: (overrides?: Partial<ResultsOptions>) => Promise<Results>;
  /** Started with the default options. */
  readonly results: Results;
}

export const it = databaseTest.extend<TargetFixtures>({
  top: async ({ task: _ }, use) => {
    const top = await realpath(await mkdtemp(join(tmpdir(), 'odcs-results-')));
    await use(top);
    await rm(top, { recursive: true });
  },
  target: ({ top }, use) => use(join(top, 'composes')),
  openResults: async ({ target }, use) => {
    const started: Results[] = [];
    await use(async (overrides = {}) => {
      const results = await startResults({ default: target }, overrides);
      started.push(results);
      return results;
    });
    for (const results of started) await results.stop();
  },
  results: async ({ openResults }, use) => use(await openResults()),
});

/** Results on these target directories. The caller stops them. */
export async function startResults(
  targetDirs: Readonly<Record<string, string>>,
  overrides: Partial<ResultsOptions> = {},
): Promise<Results> {
  const results = createResults({
    targetDirs,
    instanceId: INSTANCE,
    adopt: false,
    publicUrl: PUBLIC_URL,
    minFreeBytes: 0,
    logger: silentLogger,
    ...overrides,
  });
  await results.start();
  return results;
}

export function generating(attempt = 1, overrides: Partial<Compose> = {}): Compose {
  return aCompose({ state: 'GENERATING', attempt, ...overrides });
}

export function done(overrides: Partial<Compose> = {}): Compose {
  return aCompose({ state: 'DONE', attempt: 1, doneAt: T0, ...overrides });
}

/** Writes one file, as an engine would. */
export async function generateFile({ directory }: AttemptDirectory, content = 'content'): Promise<void> {
  await mkdir(join(directory, 'compose', 'Temporary'), { recursive: true });
  await writeFile(join(directory, 'compose', 'Temporary', 'file'), content);
}

/** Waits for the purge in the background, until the trash has `remaining` items. */
export async function purged(target: string, remaining = 0): Promise<void> {
  while ((await readdir(join(target, '.trash'))).length > remaining) await nextTurn();
}
