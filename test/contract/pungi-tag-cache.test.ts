// The Pungi engine's cache of tags. fake-pungi writes the id of the compose whose files it got as `--old-composes`.

import { mkdir, mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import type { KojiInput, Results } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import type { ComposeFailure } from '../../src/compose/failure.ts';
import { newIdentity } from '../../src/compose/pungi-identity.ts';
import { createPungiEngine } from '../../src/engines/pungi/pungi-engine.ts';
import { createResults } from '../../src/results/directory-results.ts';
import { makeAlphaRepository } from '../support/alpha-repository.ts';
import { T0, aCompose } from '../support/composes.ts';
import { directoryTest } from '../support/fixtures.ts';
import { aGeneration } from '../support/generation.ts';
import { NO_KOJI } from '../support/golden-configurations.ts';
import { silentLogger } from '../support/logger.ts';
import { FAKE_PUNGI_PATH } from '../support/pungi-path.ts';

const DOG_ATE_IT = {
  exit: { phase: 'GATHER', code: 1, lines: ['[ERROR   ] Compose run failed: the dog ate it'] },
};
const DOG_ATE_IT_FAILURE = {
  code: 'ENGINE_FAILED',
  details: expect.stringContaining('the dog ate it') as string,
};

let ids = 0;

interface Lab {
  readonly topDir: string;
  /** Of this test. */
  readonly targetDir: string;
  /** Where fake-pungi keeps its input. */
  readonly keep: string;
  readonly results: Results;
}

/** `lab`: results of this test's own. `control`: sets the scenario of fake-pungi. `compose`: generates a compose of a tag. */
const it = directoryTest
  .extend('topDir', { scope: 'file' }, async ({ directory }) => {
    const topDir = join(directory, 'mnt-koji');
    await makeAlphaRepository(join(topDir, 'rpms'));
    return topDir;
  })
  .extend('lab', async ({ directory, topDir }, { onCleanup }): Promise<Lab> => {
    const round = await mkdtemp(join(directory, 'round-'));
    const [keep, targetDir] = [join(round, 'kept'), join(round, 'composes')];
    await mkdir(keep);
    const results = createResults({
      targetDirs: { default: targetDir },
      instanceId: 'this',
      adopt: false,
      publicUrl: 'http://odcs',
      minFreeBytes: 0,
      logger: silentLogger,
      cache: { maxAgeSeconds: 3600, maxBytes: 1e9, clock: { now: () => T0 } },
    });
    await results.start();
    onCleanup(() => results.stop());
    return { topDir, targetDir, keep, results };
  })
  .extend('control', async ({ lab: { topDir, keep } }) => {
    const control = (more: object) =>
      writeFile(
        join(topDir, 'fake-pungi.json'),
        JSON.stringify({ packagesFrom: join(topDir, 'rpms'), keep, timeScale: 0.001, ...more }),
      );
    await control({});
    return control;
  })
  .extend(
    'compose',
    ({ lab, control: _scenario }) =>
      (koji: Partial<KojiInput> = {}, request: Partial<Compose> = {}) =>
        generate(lab, koji, request),
  );

interface Ran {
  readonly id: string;
  readonly failure: ComposeFailure | null;
  readonly log: string;
  /** The id of the compose whose cached files Pungi got; null for a miss. */
  readonly cached: string | null;
  readonly published: readonly string[];
}

/** Generates a compose of a tag. Composes of one test share only the cache. */
async function generate(
  { topDir, keep, results }: Lab,
  koji: Partial<KojiInput>,
  request: Partial<Compose>,
): Promise<Ran> {
  const source = {
    type: 'TAG',
    tag: 'f43',
    kojiEvent: 100,
    packages: ['zeta'],
    builds: [],
    scratchBuildTasks: [],
    modularTags: [],
    moduleDefaults: null,
  } as const;
  const generating = aCompose({ id: String(++ids), source, state: 'GENERATING', attempt: 1, ...request });
  await using attempt = await aGeneration('/unused', { ...generating, packages: ['zeta'] });
  const place = await results.beginAttempt(generating);
  const identity = newIdentity(generating.id, generating.composeType, T0);
  const input = {
    source,
    fingerprint: [],
    repositories: [],
    lookasides: [],
    koji: { ...NO_KOJI, endpoint: { ...NO_KOJI.endpoint, topDir }, tag: 'f43', event: 100, inheritance: true, ...koji },
  };
  const engine = createPungiEngine({
    path: FAKE_PUNGI_PATH,
    sourceTypes: ['TAG'],
    cache: results.cache,
    logger: silentLogger,
  });
  const failure = await engine.generate({ ...attempt.generation, ...place, compose: generating, identity, input });
  const published = await readdir(place.directory);
  await results.trashAttempt(place);
  const text = await readFile(join(keep, identity.id, 'old-compose.json'), 'utf8').catch(() => 'null');
  const old = JSON.parse(text) as { readonly repomd: string; readonly headers: string } | null;
  if (old) expect(old.repomd).toBe(`<repomd><!-- ${old.headers} --></repomd>`);
  return {
    id: identity.id,
    failure,
    log: attempt.log(),
    cached: old?.headers ?? null,
    published: published.toSorted(),
  };
}

describe('The cache of a tag', { timeout: 60_000 }, () => {
  it('is a hit for the next compose of the tag, and is not published', async ({ compose }) => {
    const first = await compose();
    expect(first).toMatchObject({ failure: null, cached: null });
    expect(first.log).not.toContain('--old-composes');
    const second = await compose();
    expect(second).toMatchObject({ failure: null, cached: first.id, published: ['STATUS', 'compose', 'logs'] });
    expect(second.log).toContain('Using old repodata from: ');
    expect(await compose()).toMatchObject({ failure: null, cached: second.id });
  });

  it.for<readonly [string, Partial<KojiInput>, Partial<Compose>]>([
    ['another tag', { tag: 'f44' }, {}],
    ['another Koji', { endpoint: { ...NO_KOJI.endpoint, profile: 'other' } }, {}],
    ['other flags', {}, { flags: ['CHECK_DEPS'] }],
    ['other sigkeys', {}, { sigkeys: ['abcdef12'] }],
    ['other arches', {}, { arches: ['x86_64', 'aarch64'] }],
    ['no tag, only builds', { tag: null, builds: ['zeta-1.0-1'] }, {}],
  ])('is a miss for %s', async ([, koji, request], { topDir, compose }) => {
    const endpoint = koji.endpoint && { endpoint: { ...koji.endpoint, topDir } };
    await compose();
    expect((await compose({ ...koji, ...endpoint }, request)).cached).toBeNull();
  });

  it('is not used under NO_REUSE, but filled', async ({ compose }) => {
    await compose();
    const own = await compose({}, { flags: ['NO_REUSE'] });
    expect(own.cached).toBeNull();
    expect((await compose()).cached).toBe(own.id);
  });

  it('is used, but not replaced, by a compose at an earlier event', async ({ compose }) => {
    const late = await compose({ event: 200 });
    expect((await compose({ event: 100 })).cached).toBe(late.id);
    expect((await compose({ event: 300 })).cached).toBe(late.id);
  });

  it('is not used for a tag whose name cannot be a file name', async ({ lab, compose }) => {
    expect(await compose({ tag: '..' })).toMatchObject({ failure: null, cached: null });
    expect(await readdir(join(lab.targetDir, '.kept')).catch(() => [])).toEqual([]);
  });

  it('is invalidated when Pungi fails with it and succeeds without it', async ({ control, compose }) => {
    await compose({ event: 200 });
    await control({ failOnOld: true });
    const failing = await compose({ event: 100 });
    expect(failing).toMatchObject({ failure: null, cached: null, published: ['STATUS', 'compose', 'logs'] });
    expect(failing.log).toContain('createrepo_c cannot read the old repodata');
    expect(failing.log).toContain('Running Pungi again without the cache');
    await control({});
    expect((await compose()).cached).toBe(failing.id);
  });

  it('stays when Pungi fails with it and without it', async ({ control, compose }) => {
    const first = await compose();
    await control(DOG_ATE_IT);
    const failing = await compose();
    expect(failing.failure).toMatchObject(DOG_ATE_IT_FAILURE);
    expect(failing.log).toMatch(
      /Using old repodata[\s\S]*the dog ate it[\s\S]*Running Pungi again[\s\S]*No suitable old compose[\s\S]*the dog ate it/,
    );
    await control({});
    expect((await compose()).cached).toBe(first.id);
  });

  it('is not filled by a compose that fails, which runs once after a miss', async ({ lab, control, compose }) => {
    await control(DOG_ATE_IT);
    const failing = await compose();
    expect(failing.failure).toMatchObject(DOG_ATE_IT_FAILURE);
    expect(failing.log).not.toContain('Running Pungi again');
    expect(await readdir(join(lab.targetDir, '.kept')).catch(() => [])).toEqual([]);
  });

  it('can be replaced while other composes of the tag read it', async ({ lab, compose }) => {
    const first = await compose();
    const many = await Promise.all(Array.from({ length: 4 }, () => compose()));
    for (const { failure, cached } of many) {
      expect(failure).toBeNull();
      expect([first.id, ...many.map(({ id }) => id)]).toContain(cached);
    }
    expect(many.map(({ id }) => id)).toContain((await compose()).cached);
    expect(await readdir(join(lab.targetDir, '.kept'))).toHaveLength(1);
  });

  it('can be invalidated while a compose reads it', async ({ lab, control, compose }) => {
    const first = await compose();
    await control({ timeScale: 0.05 });
    const running = compose();
    const attempt = await lab.results.beginAttempt(aCompose({ id: String(++ids), state: 'GENERATING', attempt: 1 }));
    while (!(await isRestored(lab))) await nextTurn();
    for (const name of await readdir(join(lab.targetDir, '.kept')))
      await lab.results.cache.invalidate(name.split('.')[0] ?? '', attempt);
    expect(await running).toMatchObject({ failure: null, cached: first.id });
  });
});

/** True as soon as an attempt has got the cached files. */
async function isRestored({ targetDir }: Lab): Promise<boolean> {
  const attempts = join(targetDir, '.attempts');
  const names = await readdir(attempts);
  const inside = await Promise.all(
    names.filter((name) => name.endsWith('.scratch')).map((name) => readdir(join(attempts, name)).catch(() => [])),
  );
  return inside.flat().includes('notify.events');
}
