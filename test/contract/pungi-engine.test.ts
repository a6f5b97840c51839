// The contract of the Pungi engine, with the fake Pungi and, where it is on PATH, with real Pungi.

import { accessSync, constants, existsSync } from 'node:fs';
import { cp, link, mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/app/ports.ts';
import type { FailureCode } from '../../src/compose/failure.ts';
import { createPungiEngine } from '../../src/engines/pungi/pungi-engine.ts';
import { membersOf } from '../../src/engines/supervisor/group-members.ts';
import { makeAlphaRepository } from '../support/alpha-repository.ts';
import { aGeneration, type TestGeneration } from '../support/generation.ts';
import { silentLogger } from '../support/logger.ts';

const FAKE = join(import.meta.dirname, '..', 'support', 'fake-pungi');
const SYSTEM = process.env['PATH'] ?? '/usr/bin:/bin';
const REAL = SYSTEM.split(delimiter).find((directory) => isExecutable(join(directory, 'pungi-koji')));
const LONG = 120_000;

let top = '';
let repo = '';

beforeAll(async () => {
  top = await realpath(await mkdtemp(join(tmpdir(), 'odcs-pungi-')));
  repo = join(top, 'repo');
  await makeAlphaRepository(repo);
}, LONG);
afterAll(() => rm(top, { recursive: true }));

function engine(path: string, timeoutMs = LONG): Engine {
  return createPungiEngine({
    path: `${path}${delimiter}${dirname(process.execPath)}${delimiter}${SYSTEM}`,
    timeoutMs,
    logger: silentLogger,
  });
}

/** The sample repository with a scenario for the fake in it. */
async function scenario(name: string, content: object): Promise<string> {
  const directory = join(top, name);
  await mkdir(directory);
  await cp(join(repo, 'repodata'), join(directory, 'repodata'), { recursive: true });
  for (const file of await readdir(repo))
    if (file.endsWith('.rpm')) await link(join(repo, file), join(directory, file));
  await writeFile(join(directory, 'fake-pungi.json'), JSON.stringify(content));
  return directory;
}

async function nevras({ generation }: TestGeneration): Promise<string[]> {
  const manifest = JSON.parse(
    await readFile(join(generation.directory, 'compose', 'metadata', 'rpms.json'), 'utf8'),
  ) as {
    payload: { compose: { id: string }; rpms: Record<string, Record<string, Record<string, Record<string, unknown>>>> };
  };
  expect(manifest.payload.compose.id).toBe(generation.identity.id);
  return Object.values(manifest.payload.rpms['Temporary']?.['x86_64'] ?? {})
    .flatMap((rpms) => Object.keys(rpms))
    .toSorted();
}

const implementations = [{ name: 'fake-pungi', path: FAKE }, ...(REAL ? [{ name: 'real Pungi', path: REAL }] : [])];

it.skipIf(REAL === undefined)('Real Pungi on PATH is tested, too', () => {
  expect(implementations).toHaveLength(2);
});

describe.each(implementations)('The Pungi engine with $name', ({ path }) => {
  it(
    'generates a compose of the requested packages and their dependencies',
    async () => {
      await using run = await aGeneration(repo, { packages: ['alpha', 'ze*'] });
      expect(await engine(path).generate(run.generation)).toBeNull();
      expect(await nevras(run)).toEqual([
        'alpha-0:1.2-1.src',
        'alpha-0:1.2-1.x86_64',
        'alpha-libs-0:1.2-1.x86_64',
        'beta-0:1.0-1.noarch',
        'beta-0:1.0-1.src',
        'gamma-0:1.0-1.noarch',
        'gamma-0:1.0-1.src',
        'zeta-0:1.0-1.noarch',
        'zeta-0:1.0-1.src',
      ]);
      expect(existsSync(join(run.generation.directory, 'compose/Temporary/x86_64/os/repodata/repomd.xml'))).toBe(true);
      const percents = run.progress.map(({ percent }) => percent);
      expect(percents).toEqual(percents.toSorted((a, b) => a - b));
      expect(percents.at(-1)).toBe(96);
      expect([...new Set(run.progress.map(({ phase }) => phase))]).toEqual([
        'INIT',
        'PKGSET',
        'GATHER',
        'CREATEREPO',
        'REPOCLOSURE',
        'IMAGE_CHECKSUM',
        'TEST',
      ]);
      expect(run.log()).toContain('PHASE: GATHER');
      expect(run.log()).toMatch(/Linked \d+ out of \d+ packages/);
      expect(run.groups).toHaveLength(1);
    },
    LONG,
  );

  it(
    'publishes no work directory, configuration and notifications',
    async () => {
      await using run = await aGeneration(repo, { packages: ['zeta'], flags: ['NO_DEPS'] });
      expect(await engine(path).generate(run.generation)).toBeNull();
      expect((await readdir(run.generation.directory)).toSorted()).toEqual(['STATUS', 'compose', 'logs']);
      const logs = await readdir(join(run.generation.directory, 'logs', 'global'));
      expect(logs).toContain('pungi.global.log');
      expect(logs.filter((name) => /traceback|config|notifications/.test(name))).toEqual([]);
    },
    LONG,
  );

  it(
    'takes all packages when the request names none',
    async () => {
      await using run = await aGeneration(repo);
      expect(await engine(path).generate(run.generation)).toBeNull();
      expect((await nevras(run)).filter((nevra) => !nevra.endsWith('.src'))).toHaveLength(7);
    },
    LONG,
  );

  it(
    'reads a repository at an unusual path',
    async () => {
      const odd = join(top, `o'dd $path#${path.length}`);
      await cp(repo, odd, { recursive: true });
      await using run = await aGeneration(odd, { packages: ['zeta'] });
      expect(await engine(path).generate(run.generation)).toBeNull();
      expect(await nevras(run)).toEqual(['zeta-0:1.0-1.noarch', 'zeta-0:1.0-1.src']);
    },
    LONG,
  );

  it(
    'names all missing packages, even impossible names',
    async () => {
      await using run = await aGeneration(repo, {
        packages: ['zeta', 'nope', 'al*', 'no*such', '%include /etc/hostname', '-zeta', '@core'],
      });
      expect(await engine(path).generate(run.generation)).toMatchObject({
        code: 'MISSING_PACKAGES',
        details: 'nope\nno*such\n%include /etc/hostname\n-zeta\n@core',
        retryable: false,
      });
    },
    LONG,
  );

  it(
    'fails for unsatisfied dependencies under CHECK_DEPS only',
    async () => {
      await using lenient = await aGeneration(repo, { packages: ['epsilon'] });
      expect(await engine(path).generate(lenient.generation)).toBeNull();
      await using strict = await aGeneration(repo, { packages: ['epsilon'], flags: ['CHECK_DEPS'] });
      const failure = await engine(path).generate(strict.generation);
      expect(failure).toMatchObject({ code: 'UNSATISFIED_DEPENDENCIES' });
      expect(failure?.message).toMatch(/epsilon\.noarch requires nonexistent-thing/);
      expectPresentable(failure?.details, strict);
    },
    LONG,
  );

  it(
    'fails with INVALID_SOURCE when there is no repository',
    async () => {
      await using run = await aGeneration(join(top, 'absent'), { packages: ['zeta'] });
      const failure = await engine(path).generate(run.generation);
      expect(failure).toMatchObject({ code: 'INVALID_SOURCE', retryable: false });
      expect(failure?.details).toContain('Cannot download repomd.xml');
      expectPresentable(failure?.details, run);
    },
    LONG,
  );

  it(
    'fails with UPSTREAM_UNAVAILABLE when the server does not answer',
    async () => {
      await using run = await aGeneration('http://127.0.0.1:1/repo', { packages: ['zeta'] });
      expect(await engine(path).generate(run.generation)).toMatchObject({
        code: 'UPSTREAM_UNAVAILABLE',
        retryable: true,
      });
    },
    LONG,
  );

  it(
    'stops all its processes after an abort',
    async () => {
      const delayed = path === FAKE ? await scenario('abort', { hang: 'GATHER' }) : repo;
      await using run = await aGeneration(delayed, { packages: ['zeta'] });
      const generated = engine(path).generate(run.generation);
      await run.logged('PHASE: GATHER');
      run.abort();
      await generated;
      for (const group of run.groups) expect(await membersOf(group)).toEqual([]);
    },
    LONG,
  );

  it(
    'fails with ENGINE_FAILED for a label that Pungi does not accept',
    async () => {
      await using run = await aGeneration(repo, { packages: ['zeta'], label: 'Nonsense' });
      expect(await engine(path).generate(run.generation)).toMatchObject({ code: 'ENGINE_FAILED', retryable: false });
    },
    LONG,
  );
});

function expectPresentable(details: string | null | undefined, { generation }: TestGeneration): void {
  expect(details ?? '').not.toContain(generation.directory);
  expect(details ?? '').not.toContain(generation.scratch);
  expect(details ?? '').not.toMatch(/Traceback|File "|hunter2/);
  expect((details ?? '').length).toBeLessThanOrEqual(2_000);
}

describe('The Pungi engine, when Pungi', () => {
  const failed = (lines: readonly string[]) => ({ exit: { phase: 'GATHER', code: 1, lines } });
  const rows: readonly (readonly [string, object, FailureCode, RegExp])[] = [
    ['fails in a phase', failed(['[ERROR   ] Compose run failed: the dog ate it']), 'ENGINE_FAILED', /the dog ate it/],
    ['exits 0 without FINISHED', { exit: { phase: 'GATHER', code: 0 } }, 'ENGINE_FAILED', /without a reason/],
    ['exits with an unknown code', { exit: { phase: 'INIT', code: 42 } }, 'ENGINE_FAILED', /without a reason/],
    [
      'finds no space',
      failed(['[ERROR   ] Compose run failed: [Errno 28] No space left on device']),
      'STORAGE',
      /full/,
    ],
    [
      'finds no package where signing does not matter',
      failed(['[ERROR   ] Compose run failed: RPM(s) not found for sigs: [None]']),
      'UPSTREAM_UNAVAILABLE',
      /topDir/,
    ],
    ['is killed', { kill: 'PKGSET' }, 'ENGINE_FAILED', /SIGKILL/],
  ];

  it.each(rows)('%s, fails with that reason', async (name, content, code, message) => {
    await using run = await aGeneration(await scenario(name, content), { packages: ['zeta'] });
    const failure = await engine(FAKE).generate(run.generation);
    expect(failure).toMatchObject({ code });
    expect(failure?.message).toMatch(message);
    expectPresentable(failure?.details, run);
  });

  it('finds packages without the requested signature, fails with UNSIGNED_PACKAGES', async () => {
    const unsigned = await scenario(
      'unsigned',
      failed(["[ERROR   ] Compose run failed: RPM(s) not found for sigs: ['abc']"]),
    );
    await using run = await aGeneration(unsigned, { packages: ['zeta'], sigkeys: ['abc'] });
    expect(await engine(FAKE).generate(run.generation)).toMatchObject({
      code: 'UNSIGNED_PACKAGES',
      message: expect.stringContaining('abc') as string,
    });
  });

  it('hangs, fails with TIMED_OUT and leaves no process', async () => {
    await using run = await aGeneration(await scenario('hangs', { hang: 'PKGSET' }), { packages: ['zeta'] });
    expect(await engine(FAKE, 500).generate(run.generation)).toMatchObject({ code: 'TIMED_OUT', retryable: true });
    for (const group of run.groups) expect(await membersOf(group)).toEqual([]);
  });

  it('and its descendants ignore SIGTERM, ends them within 7 s of an abort', async () => {
    await using run = await aGeneration(
      await scenario('stubborn', { hang: 'GATHER', stubborn: true, ignoreTerm: true }),
      { packages: ['zeta'] },
    );
    const generated = engine(FAKE).generate(run.generation);
    await run.logged('Waiting for pungi-gather');
    const began = performance.now();
    run.abort();
    await generated;
    expect(performance.now() - began).toBeLessThan(7_000);
    for (const group of run.groups) expect(await membersOf(group)).toEqual([]);
  });

  it('leaves children behind, ends them and succeeds', async () => {
    await using run = await aGeneration(await scenario('leaves-behind', { leaveBehind: true }), { packages: ['zeta'] });
    expect(await engine(FAKE).generate(run.generation)).toBeNull();
    for (const group of run.groups) expect(await membersOf(group)).toEqual([]);
  });

  it('dumps a traceback, keeps it out of the failure and the published logs', async () => {
    const lines = [
      'Traceback (most recent call last):',
      '  File "/opt/secret.py", line 1',
      '<LOCALS>',
      "  password = 'hunter2'",
      '</LOCALS>',
      '[ERROR   ] Compose run failed: it broke',
    ];
    await using run = await aGeneration(await scenario('traceback', failed(lines)), { packages: ['zeta'] });
    const failure = await engine(FAKE).generate(run.generation);
    expect(failure?.message).toContain('it broke');
    expectPresentable(failure?.details, run);
  });

  it('is not installed, is unavailable and fails with ENGINE_FAILED', async () => {
    const empty = join(top, 'empty-path');
    await mkdir(empty);
    const absent = createPungiEngine({ path: empty, timeoutMs: LONG, logger: silentLogger });
    expect(await absent.info()).toEqual({ name: 'pungi', version: null, sourceTypes: ['REPO'], available: false });
    await using run = await aGeneration(repo, { packages: ['zeta'] });
    expect(await absent.generate(run.generation)).toMatchObject({ code: 'ENGINE_FAILED' });
  });

  it('is installed, is available and has a version', async () => {
    expect(await engine(FAKE).info()).toEqual({
      name: 'pungi',
      version: '4.3.6',
      sourceTypes: ['REPO'],
      available: true,
    });
  });

  it('counts to 2,200 packages, reports progress that never falls', async () => {
    await using run = await aGeneration(await scenario('big', { recording: 'success-2000-packages' }), {
      packages: ['zeta'],
    });
    expect(await engine(FAKE).generate(run.generation)).toBeNull();
    const percents = run.progress.map(({ percent }) => percent);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(new Set(percents).size).toBeGreaterThan(40);
  });
});

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
