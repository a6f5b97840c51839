// The dnf engine on real RPMs, with real createrepo_c and dnf: its results, its failures, and how it stops.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { createDnfEngine } from '../../src/engines/dnf/dnf-engine.ts';
import { makeRepository, SAMPLE_SOURCES } from '../../src/demo/sample-repository.ts';
import { PATH, runDnf } from '../support/dnf-run.ts';
import { serveFiles } from '../support/file-server.ts';
import { directoryTest } from '../support/fixtures.ts';
import { goldenScenarios } from '../support/golden-scenarios.ts';
import { silentLogger } from '../support/logger.ts';
import { writeRawRepository } from '../support/raw-repository.ts';
import { repoSource, temporaryDirectory } from '../support/repo-source.ts';

/** `sample`: a repository with the sample packages. */
const it = directoryTest.extend('sample', { scope: 'file' }, async ({ directory }) => {
  const sample = join(directory, 'sample');
  await makeRepository(sample, SAMPLE_SOURCES);
  return sample;
});

describe('A compose by the dnf engine', () => {
  it('has the layout and the metadata of Pungi', async ({ sample }) => {
    await using run = await runDnf(sample, { packages: ['hello'] });
    expect(run.failure).toBeNull();
    expect(run.nevras()).toEqual([
      'greet-0:0.9-1.src',
      'greet-0:0.9-1.x86_64',
      'hello-0:2.12-1.src',
      'hello-0:2.12-1.x86_64',
      'hello-data-0:2.3-1.noarch',
      'hello-data-0:2.3-1.src',
      'hello-debuginfo-0:2.12-1.x86_64',
      'hello-debugsource-0:2.12-1.x86_64',
      'libhello-0:2.12-1.x86_64',
      'libhello-debuginfo-0:2.12-1.x86_64',
    ]);
    expect(files(run.target).filter((path) => !path.includes('/repodata/'))).toEqual([
      'Temporary/source/tree/.discinfo',
      'Temporary/source/tree/.treeinfo',
      'Temporary/source/tree/Packages/g/greet-0.9-1.src.rpm',
      'Temporary/source/tree/Packages/h/hello-2.12-1.src.rpm',
      'Temporary/source/tree/Packages/h/hello-data-2.3-1.src.rpm',
      'Temporary/source/tree/media.repo',
      'Temporary/x86_64/debug/tree/Packages/h/hello-debuginfo-2.12-1.x86_64.rpm',
      'Temporary/x86_64/debug/tree/Packages/h/hello-debugsource-2.12-1.x86_64.rpm',
      'Temporary/x86_64/debug/tree/Packages/l/libhello-debuginfo-2.12-1.x86_64.rpm',
      'Temporary/x86_64/os/.discinfo',
      'Temporary/x86_64/os/.treeinfo',
      'Temporary/x86_64/os/Packages/g/greet-0.9-1.x86_64.rpm',
      'Temporary/x86_64/os/Packages/h/hello-2.12-1.x86_64.rpm',
      'Temporary/x86_64/os/Packages/h/hello-data-2.3-1.noarch.rpm',
      'Temporary/x86_64/os/Packages/l/libhello-2.12-1.x86_64.rpm',
      'Temporary/x86_64/os/media.repo',
      'metadata/composeinfo.json',
      'metadata/modules.json',
      'metadata/rpms.json',
    ]);
    for (const tree of ['x86_64/os', 'x86_64/debug/tree', 'source/tree'])
      expect(existsSync(join(run.target, 'Temporary', tree, 'repodata/repomd.xml'))).toBe(true);
    expect(readFileSync(join(run.attempt.generation.directory, 'STATUS'), 'utf8')).toBe('FINISHED\n');
    expect(run.json('rpms.json')).toMatchObject({
      header: { type: 'productmd.rpms', version: '1.2' },
      payload: {
        compose: { id: run.attempt.generation.identity.id, type: 'test' },
        rpms: {
          Temporary: {
            x86_64: {
              'greet-0:0.9-1.src': {
                'greet-0:0.9-1.x86_64': {
                  category: 'binary',
                  path: 'Temporary/x86_64/os/Packages/g/greet-0.9-1.x86_64.rpm',
                  sigkey: null,
                },
              },
            },
          },
        },
      },
    });
    expect(
      run.attempt.progress.map(({ phase }) => phase).filter((phase, index, all) => all[index - 1] !== phase),
    ).toEqual(['GATHER', 'LINK', 'CREATEREPO', 'VERIFY']);
    const percents = run.attempt.progress.map(({ percent }) => percent);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
  });

  it('passes dnf repoclosure', async ({ sample }) => {
    await using run = await runDnf(sample, { packages: ['hello'] });
    const home = temporaryDirectory();
    const repoclosure = [
      '--quiet',
      `--installroot=${home}`,
      `--setopt=cachedir=${home}/cache`,
      '--setopt=reposdir=/dev/null',
      `--setopt=logdir=${home}`,
      '--releasever=1',
      '--forcearch=x86_64',
      `--repofrompath=made,file://${run.target}/Temporary/x86_64/os`,
      '--repo=made',
      'repoclosure',
    ];
    expect(() => execFileSync('dnf', repoclosure)).not.toThrow();
  });

  it('shares the bytes of the packages with the source repository, unless ODCS_LINK=copy', async ({ sample }) => {
    await using run = await runDnf(sample, { packages: ['greet'] }, { link: 'hardlink' });
    expect(run.failure).toBeNull();
    const made = statSync(join(run.target, 'Temporary/x86_64/os/Packages/g/greet-0.9-1.x86_64.rpm'));
    expect(made.ino).toBe(statSync(join(sample, 'greet-0.9-1.x86_64.rpm')).ino);
    await using copied = await runDnf(sample, { packages: ['greet'] }, { link: 'copy' });
    expect(copied.failure).toBeNull();
    expect(statSync(join(copied.target, 'Temporary/x86_64/os/Packages/g/greet-0.9-1.x86_64.rpm')).ino).not.toBe(
      made.ino,
    );
  });

  it('has a tree for each arch, and one for all sources', async ({ directory }) => {
    const repo = join(directory, 'arches');
    await makeRepository(repo, [
      { name: 'app', arches: ['x86_64', 'aarch64'], packages: [{ requires: ['data'] }] },
      { name: 'data', noarch: true },
      { name: 'only', packages: [{}] },
    ]);
    await using run = await runDnf(repo, { packages: ['app', 'only'], arches: ['aarch64', 'x86_64'] });
    expect(run.failure).toBeNull();
    expect(files(run.target).filter((path) => path.endsWith('.rpm'))).toEqual([
      'Temporary/aarch64/os/Packages/a/app-1.0-1.aarch64.rpm',
      'Temporary/aarch64/os/Packages/d/data-1.0-1.noarch.rpm',
      'Temporary/source/tree/Packages/a/app-1.0-1.src.rpm',
      'Temporary/source/tree/Packages/d/data-1.0-1.src.rpm',
      'Temporary/source/tree/Packages/o/only-1.0-1.src.rpm',
      'Temporary/x86_64/os/Packages/a/app-1.0-1.x86_64.rpm',
      'Temporary/x86_64/os/Packages/d/data-1.0-1.noarch.rpm',
      'Temporary/x86_64/os/Packages/o/only-1.0-1.x86_64.rpm',
    ]);
    expect(run.json('composeinfo.json')).toMatchObject({
      payload: { variants: { Temporary: { arches: ['aarch64', 'x86_64'] } } },
    });
  });

  it('downloads the selected packages from a remote repository with $basearch', async ({ directory, sample }) => {
    const served = join(directory, 'served');
    cpSync(sample, join(served, 'x86_64/os'), { recursive: true });
    const server = await serveFiles(served);
    try {
      await using run = await runDnf(`${server.url}/$basearch/os`, { packages: ['hello'] });
      expect(run.failure).toBeNull();
      expect(run.nevras()).toHaveLength(10);
      expect(run.attempt.progress.map(({ phase }) => phase)).toContain('DOWNLOAD');
      expect(server.requests.filter((path) => path.includes('cowsay'))).toEqual([]);
    } finally {
      await server.close();
    }
  });
});

/** Packages that the scenarios request and lack. They fail a compose, but not a run of Pungi. */
const ABSENT = new Set(['exna', 'exin', 'exi686', 'asked', 'both2', 'b-lib-debuginfo', 'n-other']);

describe('The dnf engine', () => {
  const named = ['basic', 'multilib-both', 'lookaside', 'rich', 'excludearch', 'files', 'all', 'nodeps-debug'];
  it.for(goldenScenarios().filter(({ name }) => named.includes(name)))(
    'selects the same packages as real Pungi in the scenario $name',
    async ({ name, sources, packages, flags, multilib, expected }, { directory }) => {
      const repo = join(directory, name);
      const lookaside = join(directory, `${name}-lookaside`);
      const aside = sources.filter((source) => source.lookaside);
      await makeRepository(
        repo,
        sources.filter((source) => !source.lookaside),
      );
      if (aside.length > 0) await makeRepository(lookaside, aside);
      const lookasideRepos = aside.length > 0 ? [lookaside] : [];
      await using run = await runDnf(repo, {
        packages: packages.filter((name) => !ABSENT.has(name)),
        flags,
        lookasideRepos,
        multilibArches: multilib.length > 0 ? ['x86_64'] : [],
        multilibMethods: multilib,
      });
      expect(run.failure).toBeNull();
      expect(run.nevras()).toEqual([...(expected ?? [])].sort());
    },
  );

  it('is available only if its tools are installed', async () => {
    const empty = temporaryDirectory();
    const source = repoSource();
    const options = { link: 'auto' as const, downloads: source.files, logger: silentLogger };
    expect(await createDnfEngine({ ...options, path: empty }).info()).toMatchObject({ name: 'dnf', available: false });
    expect(await createDnfEngine({ ...options, path: PATH }).info()).toMatchObject({
      available: true,
      sourceTypes: ['REPO'],
      version: expect.stringMatching(/^dnf \d.*, createrepo_c \d/),
    });
    await source.close();
  });
});

describe('A failure of the dnf engine', () => {
  it('names all missing packages', async ({ sample }) => {
    await using run = await runDnf(sample, { packages: ['hello', 'nothere', 'nor-this-*', 'greet'] });
    expect(run.failure).toMatchObject({
      code: 'MISSING_PACKAGES',
      retryable: false,
      details: 'nothere\nnor-this-*',
    });
  });

  it('names the package and its unsatisfied dependency, under CHECK_DEPS only', async ({ directory }) => {
    const repo = join(directory, 'unsatisfied');
    await makeRepository(repo, [{ name: 'app', packages: [{ requires: ['nowhere >= 5'] }] }]);
    await using checked = await runDnf(repo, { packages: ['app'], flags: ['CHECK_DEPS'] });
    expect(checked.failure).toMatchObject({
      code: 'UNSATISFIED_DEPENDENCIES',
      details: 'app.x86_64 requires nowhere >= 5',
    });
    await using unchecked = await runDnf(repo, { packages: ['app'] });
    expect(unchecked.failure).toBeNull();
  });

  it('comes before any package is linked if a checksum is wrong', async ({ directory, sample }) => {
    const repo = join(directory, 'lying');
    cpSync(sample, repo, { recursive: true });
    const victim = join(repo, 'hello-2.12-1.x86_64.rpm');
    const bytes = readFileSync(victim);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 0xff;
    writeFileSync(victim, bytes);
    await using run = await runDnf(repo, { packages: ['hello'] });
    expect(run.failure).toMatchObject({
      code: 'INVALID_SOURCE',
      message: expect.stringMatching(/hello-2\.12-1\.x86_64\.rpm.*checksum/),
    });
    expect(files(run.target)).toEqual([]);
  });

  it('names the packages in which the list of dnf differs from the plan', async ({ sample }) => {
    const tools = toolsWith(
      'dnf',
      '#!/bin/sh\ncase "$*" in *--version*) echo 4.14.0;; *) echo "Repositories loaded."; echo "package: os-x86_64 hello-0:2.12-1.x86_64"; echo "package: os-x86_64 stranger-0:1-1.x86_64";; esac\n',
    );
    await using run = await runDnf(sample, { packages: ['greet'] }, { path: `${tools}:${PATH}` });
    expect(run.failure).toMatchObject({
      code: 'ENGINE_FAILED',
      details: expect.stringMatching(
        /missing:\nos-x86_64 greet-0:0\.9-1\.x86_64[^]*not expected:\nos-x86_64 hello[^]*stranger/,
      ),
    });
  });

  it('has the output of createrepo_c if that fails', async ({ sample }) => {
    const tools = toolsWith(
      'createrepo_c',
      '#!/bin/sh\ncase "$*" in *--version*) echo "Version: 1.0.0";; *) echo "no space left" >&2; exit 3;; esac\n',
    );
    await using run = await runDnf(sample, { packages: ['greet'] }, { path: `${tools}:${PATH}` });
    expect(run.failure).toMatchObject({
      code: 'ENGINE_FAILED',
      message: expect.stringContaining('createrepo_c ended with exit code 3'),
      details: expect.stringContaining('no space left'),
    });
  });
});

describe('An abort of the dnf engine', () => {
  it('ends the tools before the attempt settles', async ({ sample }) => {
    const hang = toolsWith(
      'createrepo_c',
      '#!/bin/sh\ncase "$*" in *--version*) echo "Version: 1.0.0";; *) trap "" TERM; echo "$$ hangs" >&2; while :; do sleep 1; done;; esac\n',
    );
    const aborted: string[] = [];
    await using run = await runDnf(
      sample,
      { packages: ['greet'] },
      {
        path: `${hang}:${PATH}`,
        meanwhile: (attempt) => void attempt.logged('hangs').then(() => (aborted.push(attempt.log()), attempt.abort())),
      },
    );
    const pids = [...run.attempt.log().matchAll(/createrepo_c: (\d+) hangs/g)].map(([, pid]) => pid);
    expect(aborted).toHaveLength(1);
    expect(pids.length).toBeGreaterThan(0);
    for (const pid of pids) expect(existsSync(`/proc/${pid}`)).toBe(false);
  });
});

describe('The metadata of a source repository', () => {
  it('is reused without reading RPM headers: even a file that is no RPM gets repodata', async ({ directory }) => {
    const repo = join(directory, 'headers');
    writeRawRepository(repo, [{ name: 'a' }]);
    await using run = await runDnf(repo, { packages: ['a'] });
    expect(run.failure).toBeNull();
    expect(run.nevras()).toEqual(['a-0:1-1.x86_64']);
  });
});

function files(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => lstatSync(join(directory, path)).isFile())
    .sort();
}

function toolsWith(name: string, script: string): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, name), script, { mode: 0o755 });
  return directory;
}
