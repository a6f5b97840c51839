// What the Pungi engine promises, with the fake and, where there is one on PATH, with real Pungi.

import { accessSync, constants, existsSync } from 'node:fs';
import { cp, link, mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/app/ports.ts';
import type { FailureCode } from '../../src/compose/failure.ts';
import { createPungiEngine } from '../../src/engines/pungi/pungi-engine.ts';
import { membersOf } from '../../src/engines/group-members.ts';
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

it.skipIf(REAL === undefined)('real Pungi is on PATH, so that it is tested too', () => {
  expect(implementations).toHaveLength(2);
});

describe.each(implementations)('the engine on $name', ({ path }) => {
  it(
    'makes a compose of what was asked for and what that needs',
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
    'leaves neither work directory nor configuration nor notifications in what is published',
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
    'takes everything where no package is asked for',
    async () => {
      await using run = await aGeneration(repo);
      expect(await engine(path).generate(run.generation)).toBeNull();
      expect((await nevras(run)).filter((nevra) => !nevra.endsWith('.src'))).toHaveLength(7);
    },
    LONG,
  );

  it(
    'takes a repository at an odd path',
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
    'names all packages that are missing, those that could not even be asked for included',
    async () => {
      await using run = await aGeneration(repo, {
        packages: ['zeta', 'nope', 'al*', 'no*such', '%include /etc/hostname', '-zeta', '@core'],
      });
      expect(await engine(path).generate(run.generation)).toMatchObject({
        code: 'MISSING_PACKAGES',
        message: 'Not in the source: nope, no*such, %include /etc/hostname, -zeta, @core',
        retryable: false,
      });
    },
    LONG,
  );

  it(
    'leaves what nothing provides, but under CHECK_DEPS names package and requirement',
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
    'says INVALID_SOURCE of a repository that is not there',
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
    'says UPSTREAM_UNAVAILABLE of a server that does not answer',
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
    'is stopped by an abort in any phase, and leaves nobody',
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
    'refuses a label that Pungi does not know, with the reason',
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

describe('the engine on a Pungi that misbehaves', () => {
  const failed = (lines: readonly string[]) => ({ exit: { phase: 'GATHER', code: 1, lines } });
  const rows: readonly (readonly [string, object, FailureCode, RegExp])[] = [
    ['fails in a phase', failed(['[ERROR   ] Compose run failed: the dog ate it']), 'ENGINE_FAILED', /the dog ate it/],
    ['exits 0 without FINISHED', { exit: { phase: 'GATHER', code: 0 } }, 'ENGINE_FAILED', /without saying why/],
    ['exits with an unknown code', { exit: { phase: 'INIT', code: 42 } }, 'ENGINE_FAILED', /without saying why/],
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
      /not where the worker looks/,
    ],
    ['is killed', { kill: 'PKGSET' }, 'ENGINE_FAILED', /SIGKILL/],
  ];

  it.each(rows)('that %s: a failure that says so', async (name, content, code, message) => {
    await using run = await aGeneration(await scenario(name, content), { packages: ['zeta'] });
    const failure = await engine(FAKE).generate(run.generation);
    expect(failure).toMatchObject({ code });
    expect(failure?.message).toMatch(message);
    expectPresentable(failure?.details, run);
  });

  it('that finds packages without the signature that was asked for: a failure that says so', async () => {
    const unsigned = await scenario(
      'unsigned',
      failed(["[ERROR   ] Compose run failed: RPM(s) not found for sigs: ['abc']"]),
    );
    await using run = await aGeneration(unsigned, { packages: ['zeta'], sigkeys: ['abc'] });
    expect(await engine(FAKE).generate(run.generation)).toMatchObject({
      code: 'UNSIGNED_PACKAGES',
      message: expect.stringMatching(/^Not signed with the key abc: /) as string,
    });
  });

  it('that hangs: TIMED_OUT, and nobody is left', async () => {
    await using run = await aGeneration(await scenario('hangs', { hang: 'PKGSET' }), { packages: ['zeta'] });
    expect(await engine(FAKE, 500).generate(run.generation)).toMatchObject({ code: 'TIMED_OUT', retryable: true });
    for (const group of run.groups) expect(await membersOf(group)).toEqual([]);
  });

  it('that ignores SIGTERM with all its descendants: they are gone within 7 s of an abort', async () => {
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

  it('that leaves children behind when it has finished: they are gone, and the compose is good', async () => {
    await using run = await aGeneration(await scenario('leaves-behind', { leaveBehind: true }), { packages: ['zeta'] });
    expect(await engine(FAKE).generate(run.generation)).toBeNull();
    for (const group of run.groups) expect(await membersOf(group)).toEqual([]);
  });

  it('that dumps a traceback: neither the failure nor what is published shows it', async () => {
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
    expect(failure?.message).toBe('Pungi failed: it broke');
    expectPresentable(failure?.details, run);
  });

  it('that is not there: unavailable, and a compose fails with ENGINE_FAILED', async () => {
    const empty = join(top, 'empty-path');
    await mkdir(empty);
    const absent = createPungiEngine({ path: empty, timeoutMs: LONG, logger: silentLogger });
    expect(await absent.info()).toEqual({ name: 'pungi', version: null, sourceTypes: ['REPO'], available: false });
    await using run = await aGeneration(repo, { packages: ['zeta'] });
    expect(await absent.generate(run.generation)).toMatchObject({ code: 'ENGINE_FAILED' });
  });

  it('that is there: available, with its version', async () => {
    expect(await engine(FAKE).info()).toEqual({
      name: 'pungi',
      version: '4.3.6',
      sourceTypes: ['REPO'],
      available: true,
    });
  });

  it('that counts to 2,200: progress in between, never falling', async () => {
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
