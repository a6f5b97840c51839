// The contract of the Pungi engine, with fake-pungi and, if it is installed, with real Pungi.

import { existsSync } from 'node:fs';
import { cp, link, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Engine } from '../../src/app/ports.ts';
import type { FailureCode } from '../../src/compose/failure.ts';
import { createPungiEngine } from '../../src/engines/pungi/pungi-engine.ts';
import { membersOf } from '../../src/engines/supervisor/group-members.ts';
import { makeAlphaRepository } from '../support/alpha-repository.ts';
import { directoryTest } from '../support/fixtures.ts';
import { aGeneration, type TestGeneration } from '../support/generation.ts';
import { silentLogger } from '../support/logger.ts';
import { FAKE_PUNGI_PATH, isInstalled, REAL_PUNGI_PATH } from '../support/pungi-path.ts';

const LONG = 120_000;

/** `repo`: the sample repository. `scenario`: a copy of it with a scenario for fake-pungi. */
const it = directoryTest
  .extend('repo', { scope: 'file' }, async ({ directory }) => {
    const repo = join(directory, 'repo');
    await makeAlphaRepository(repo);
    return repo;
  })
  .extend('scenario', { scope: 'file' }, ({ directory, repo }) => async (name: string, content: object) => {
    const copy = join(directory, name);
    await mkdir(copy);
    await cp(join(repo, 'repodata'), join(copy, 'repodata'), { recursive: true });
    for (const file of await readdir(repo)) if (file.endsWith('.rpm')) await link(join(repo, file), join(copy, file));
    await writeFile(join(copy, 'fake-pungi.json'), JSON.stringify(content));
    return copy;
  });

function engine(path: string): Engine {
  return createPungiEngine({ path, logger: silentLogger });
}

async function expectNoProcesses({ groups }: TestGeneration): Promise<void> {
  for (const group of groups) expect(await membersOf(group)).toEqual([]);
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

const implementations = [
  { name: 'fake-pungi', path: FAKE_PUNGI_PATH, installed: true },
  { name: 'real Pungi', path: REAL_PUNGI_PATH, installed: isInstalled('pungi-koji') },
];

describe.for(implementations)('The Pungi engine with $name', { timeout: LONG }, ({ path, installed }) => {
  it.runIf(installed)('generates a compose of the requested packages and their dependencies', async ({ repo }) => {
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
  });

  it.runIf(installed)('publishes no work directory, configuration and notifications', async ({ repo }) => {
    await using run = await aGeneration(repo, { packages: ['zeta'], flags: ['NO_DEPS'] });
    expect(await engine(path).generate(run.generation)).toBeNull();
    expect((await readdir(run.generation.directory)).toSorted()).toEqual(['STATUS', 'compose', 'logs']);
    const logs = await readdir(join(run.generation.directory, 'logs', 'global'));
    expect(logs).toContain('pungi.global.log');
    expect(logs.filter((name) => /traceback|config|notifications/.test(name))).toEqual([]);
  });

  it.runIf(installed)('takes all packages when the request names none', async ({ repo }) => {
    await using run = await aGeneration(repo);
    expect(await engine(path).generate(run.generation)).toBeNull();
    expect((await nevras(run)).filter((nevra) => !nevra.endsWith('.src'))).toHaveLength(7);
  });

  it.runIf(installed)('reads a repository at an unusual path', async ({ directory, repo }) => {
    const odd = join(directory, `o'dd $path#${path.length}`);
    await cp(repo, odd, { recursive: true });
    await using run = await aGeneration(odd, { packages: ['zeta'] });
    expect(await engine(path).generate(run.generation)).toBeNull();
    expect(await nevras(run)).toEqual(['zeta-0:1.0-1.noarch', 'zeta-0:1.0-1.src']);
  });

  it.runIf(installed)('names all missing packages, even impossible names', async ({ repo }) => {
    await using run = await aGeneration(repo, {
      packages: ['zeta', 'nope', 'al*', 'no*such', '%include /etc/hostname', '-zeta', '@core'],
    });
    expect(await engine(path).generate(run.generation)).toMatchObject({
      code: 'MISSING_PACKAGES',
      details: 'nope\nno*such\n%include /etc/hostname\n-zeta\n@core',
      retryable: false,
    });
  });

  it.runIf(installed)('fails for unsatisfied dependencies under CHECK_DEPS only', async ({ repo }) => {
    await using lenient = await aGeneration(repo, { packages: ['epsilon'] });
    expect(await engine(path).generate(lenient.generation)).toBeNull();
    await using strict = await aGeneration(repo, { packages: ['epsilon'], flags: ['CHECK_DEPS'] });
    const failure = await engine(path).generate(strict.generation);
    expect(failure).toMatchObject({ code: 'UNSATISFIED_DEPENDENCIES' });
    expect(failure?.message).toMatch(/epsilon\.noarch requires nonexistent-thing/);
    expectPresentable(failure?.details, strict);
  });

  it.runIf(installed)('fails with INVALID_SOURCE when there is no repository', async ({ directory }) => {
    await using run = await aGeneration(join(directory, 'absent'), { packages: ['zeta'] });
    const failure = await engine(path).generate(run.generation);
    expect(failure).toMatchObject({ code: 'INVALID_SOURCE', retryable: false });
    expect(failure?.details).toContain('Cannot download repomd.xml');
    expectPresentable(failure?.details, run);
  });

  it.runIf(installed)('fails with UPSTREAM_UNAVAILABLE when the server does not answer', async () => {
    await using run = await aGeneration('http://127.0.0.1:1/repo', { packages: ['zeta'] });
    expect(await engine(path).generate(run.generation)).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryable: true,
    });
  });

  it.runIf(installed)('stops all its processes after an abort', async ({ repo, scenario }) => {
    const delayed = path === FAKE_PUNGI_PATH ? await scenario('abort', { hang: 'GATHER' }) : repo;
    await using run = await aGeneration(delayed, { packages: ['zeta'] });
    const generated = engine(path).generate(run.generation);
    await run.logged('PHASE: GATHER');
    run.abort();
    await generated;
    await expectNoProcesses(run);
  });

  it.runIf(installed)('fails with ENGINE_FAILED for a label that Pungi does not accept', async ({ repo }) => {
    await using run = await aGeneration(repo, { packages: ['zeta'], label: 'Nonsense' });
    expect(await engine(path).generate(run.generation)).toMatchObject({ code: 'ENGINE_FAILED', retryable: false });
  });
});

function expectPresentable(details: string | null | undefined, { generation }: TestGeneration): void {
  expect(details ?? '').not.toContain(generation.directory);
  expect(details ?? '').not.toContain(generation.scratch);
  expect(details ?? '').not.toMatch(/Traceback|File "|hunter2/);
  expect((details ?? '').length).toBeLessThanOrEqual(2_000);
}

describe('The Pungi engine', { timeout: LONG }, () => {
  const failed = (lines: readonly string[]) => ({ exit: { phase: 'GATHER', code: 1, lines } });
  const rows: readonly (readonly [string, object, FailureCode, RegExp])[] = [
    ['fails in a phase', failed(['[ERROR   ] Compose run failed: the dog ate it']), 'ENGINE_FAILED', /the dog ate it/],
    ['exits with 0 but without FINISHED', { exit: { phase: 'GATHER', code: 0 } }, 'ENGINE_FAILED', /without a reason/],
    ['exits with an unknown code', { exit: { phase: 'INIT', code: 42 } }, 'ENGINE_FAILED', /without a reason/],
    [
      'finds no free space',
      failed(['[ERROR   ] Compose run failed: [Errno 28] No space left on device']),
      'STORAGE',
      /full/,
    ],
    [
      'finds no packages although unsigned ones are allowed',
      failed(['[ERROR   ] Compose run failed: RPM(s) not found for sigs: [None]']),
      'UPSTREAM_UNAVAILABLE',
      /topDir/,
    ],
    ['is killed', { kill: 'PKGSET' }, 'ENGINE_FAILED', /SIGKILL/],
  ];

  it.for(rows)('fails with the reason if Pungi %s', async ([name, content, code, message], { scenario }) => {
    await using run = await aGeneration(await scenario(name, content), { packages: ['zeta'] });
    const failure = await engine(FAKE_PUNGI_PATH).generate(run.generation);
    expect(failure).toMatchObject({ code });
    expect(failure?.message).toMatch(message);
    expectPresentable(failure?.details, run);
  });

  it('fails with UNSIGNED_PACKAGES if Pungi finds packages without the requested signature', async ({ scenario }) => {
    const unsigned = await scenario(
      'unsigned',
      failed(["[ERROR   ] Compose run failed: RPM(s) not found for sigs: ['abc']"]),
    );
    await using run = await aGeneration(unsigned, { packages: ['zeta'], sigkeys: ['abc'] });
    expect(await engine(FAKE_PUNGI_PATH).generate(run.generation)).toMatchObject({
      code: 'UNSIGNED_PACKAGES',
      message: expect.stringContaining('abc') as string,
    });
  });

  it('kills Pungi and its descendants within 7 s of an abort if they ignore SIGTERM', async ({ scenario }) => {
    await using run = await aGeneration(
      await scenario('stubborn', { hang: 'GATHER', stubborn: true, ignoreTerm: true }),
      { packages: ['zeta'] },
    );
    const generated = engine(FAKE_PUNGI_PATH).generate(run.generation);
    await run.logged('Waiting for pungi-gather');
    const abortedAt = performance.now();
    run.abort();
    await generated;
    expect(performance.now() - abortedAt).toBeLessThan(7_000);
    await expectNoProcesses(run);
  });

  it('succeeds and ends the children that Pungi leaves behind', async ({ scenario }) => {
    await using run = await aGeneration(await scenario('leaves-behind', { leaveBehind: true }), { packages: ['zeta'] });
    expect(await engine(FAKE_PUNGI_PATH).generate(run.generation)).toBeNull();
    await expectNoProcesses(run);
  });

  it('keeps a traceback of Pungi out of the failure', async ({ scenario }) => {
    const lines = [
      'Traceback (most recent call last):',
      '  File "/opt/secret.py", line 1',
      '<LOCALS>',
      "  password = 'hunter2'",
      '</LOCALS>',
      '[ERROR   ] Compose run failed: it broke',
    ];
    await using run = await aGeneration(await scenario('traceback', failed(lines)), { packages: ['zeta'] });
    const failure = await engine(FAKE_PUNGI_PATH).generate(run.generation);
    expect(failure?.message).toContain('it broke');
    expectPresentable(failure?.details, run);
  });

  it('is unavailable and fails with ENGINE_FAILED if Pungi is not installed', async ({ directory, repo }) => {
    const empty = join(directory, 'empty-path');
    await mkdir(empty);
    const absent = createPungiEngine({ path: empty, logger: silentLogger });
    expect(await absent.info()).toEqual({ name: 'pungi', version: null, sourceTypes: ['REPO'], available: false });
    await using run = await aGeneration(repo, { packages: ['zeta'] });
    expect(await absent.generate(run.generation)).toMatchObject({ code: 'ENGINE_FAILED' });
  });

  it('is available and has a version if Pungi is installed', async () => {
    expect(await engine(FAKE_PUNGI_PATH).info()).toEqual({
      name: 'pungi',
      version: '4.3.6',
      sourceTypes: ['REPO'],
      available: true,
    });
  });

  it('reports progress that never falls for 2,200 packages', async ({ scenario }) => {
    await using run = await aGeneration(await scenario('big', { recording: 'success-2000-packages' }), {
      packages: ['zeta'],
    });
    expect(await engine(FAKE_PUNGI_PATH).generate(run.generation)).toBeNull();
    const percents = run.progress.map(({ percent }) => percent);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(new Set(percents).size).toBeGreaterThan(40);
  });
});
