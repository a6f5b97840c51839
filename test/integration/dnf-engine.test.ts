// The dnf engine on real RPMs, with real createrepo_c and dnf: what it makes, what it refuses, and that it leaves nothing
// behind when it is stopped.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createDnfEngine } from '../../src/engines/dnf/dnf-engine.ts';
import { makeRepository, SAMPLE_SOURCES } from '../../src/demo/sample-repository.ts';
import { PATH, runDnf } from '../support/dnf-run.ts';
import { goldenScenarios } from '../support/golden-scenarios.ts';
import { serveFiles } from '../support/file-server.ts';
import { silentLogger } from '../support/logger.ts';
import { writeRawRepository } from '../support/raw-repository.ts';
import { repoSource, temporaryDirectory } from '../support/repo-source.ts';

let top: string;
let sample: string;

beforeAll(async () => {
  top = temporaryDirectory();
  sample = join(top, 'sample');
  await makeRepository(sample, SAMPLE_SOURCES);
});

describe('a compose of packages and what they need', () => {
  it('is laid out and described as Pungi does it', async () => {
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

  it('passes dnf repoclosure', async () => {
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

  it('shares the packages’ bytes with their source, and never writes to them', async () => {
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

  it('for several arches has a tree for each, and one for the sources', async () => {
    const repo = join(top, 'arches');
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

  it('of a remote repository with $basearch downloads what was chosen', async () => {
    const served = join(top, 'served');
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

/** Asked for in the scenarios, and not there: that fails the compose, where Pungi alone would not mind. */
const IS_NOT_THERE = new Set(['exna', 'exin', 'exi686', 'asked', 'both2', 'b-lib-debuginfo', 'n-other']);

describe('real rpmbuild and real Pungi agree with it', () => {
  const named = ['basic', 'multilib-both', 'lookaside', 'rich', 'excludearch', 'files', 'all', 'nodeps-debug'];
  it.each(goldenScenarios().filter(({ name }) => named.includes(name)))(
    '$name',
    async ({ name, sources, packages, flags, multilib, expected }) => {
      const repo = join(top, name);
      const lookaside = join(top, `${name}-lookaside`);
      const aside = sources.filter((source) => source.lookaside);
      await makeRepository(
        repo,
        sources.filter((source) => !source.lookaside),
      );
      if (aside.length > 0) await makeRepository(lookaside, aside);
      const lookasideRepos = aside.length > 0 ? [lookaside] : [];
      await using run = await runDnf(repo, {
        packages: packages.filter((asked) => !IS_NOT_THERE.has(asked)),
        flags,
        lookasideRepos,
        multilibArches: multilib.length > 0 ? ['x86_64'] : [],
        multilibMethods: multilib,
      });
      expect(run.failure).toBeNull();
      expect(run.nevras()).toEqual([...(expected ?? [])].sort());
    },
  );
});

describe('what cannot be is told', () => {
  it('names all packages that are absent', async () => {
    await using run = await runDnf(sample, { packages: ['hello', 'nothere', 'nor-this-*', 'greet'] });
    expect(run.failure).toMatchObject({
      code: 'MISSING_PACKAGES',
      retryable: false,
      message: expect.stringMatching(/nothere, nor-this-\*$/),
    });
  });

  it('names package and requirement under CHECK_DEPS, and leaves it without', async () => {
    const repo = join(top, 'unsatisfied');
    await makeRepository(repo, [{ name: 'app', packages: [{ requires: ['nowhere >= 5'] }] }]);
    await using checked = await runDnf(repo, { packages: ['app'], flags: ['CHECK_DEPS'] });
    expect(checked.failure).toMatchObject({
      code: 'UNSATISFIED_DEPENDENCIES',
      message: 'app.x86_64 requires nowhere >= 5, which nothing provides',
    });
    await using unchecked = await runDnf(repo, { packages: ['app'] });
    expect(unchecked.failure).toBeNull();
  });

  it('a package whose checksum lies fails the compose before anything is linked', async () => {
    const repo = join(top, 'lying');
    cpSync(sample, repo, { recursive: true });
    const victim = join(repo, 'hello-2.12-1.x86_64.rpm');
    const bytes = readFileSync(victim);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 0xff;
    writeFileSync(victim, bytes);
    await using run = await runDnf(repo, { packages: ['hello'] });
    expect(run.failure).toMatchObject({
      code: 'INVALID_SOURCE',
      message: expect.stringMatching(/hello-2\.12-1\.x86_64\.rpm does not have the sha256 checksum/),
    });
    expect(files(run.target)).toEqual([]);
  });

  it('tools that are not installed make it unavailable', async () => {
    const empty = temporaryDirectory();
    const source = repoSource();
    const options = { link: 'auto' as const, downloads: source, logger: silentLogger };
    expect(await createDnfEngine({ ...options, path: empty }).info()).toMatchObject({ name: 'dnf', available: false });
    expect(await createDnfEngine({ ...options, path: PATH }).info()).toMatchObject({
      available: true,
      sourceTypes: ['REPO'],
      version: expect.stringMatching(/^dnf \d.*, createrepo_c \d/),
    });
    await source.close();
  });

  it('a repository that dnf sees otherwise than it was made is no success', async () => {
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

  it('an end of createrepo_c with an error carries its own words', async () => {
    const tools = toolsWith(
      'createrepo_c',
      '#!/bin/sh\ncase "$*" in *--version*) echo "Version: 1.0.0";; *) echo "no space left" >&2; exit 3;; esac\n',
    );
    await using run = await runDnf(sample, { packages: ['greet'] }, { path: `${tools}:${PATH}` });
    expect(run.failure).toMatchObject({
      code: 'ENGINE_FAILED',
      message: 'createrepo_c ended with exit code 3',
      details: expect.stringContaining('no space left'),
    });
  });
});

describe('stopped in the middle', () => {
  it('its tools are gone when it settles', async () => {
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

describe('RPM headers', () => {
  it('are not read again where the source’s metadata tells: even what is no RPM at all gets repodata', async () => {
    const repo = join(top, 'headers');
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
