// Real Pungi, if it is installed, with the fake Koji and MBS: it accepts our configuration and makes the requested compose.

import { readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { SampleSource } from '../../src/demo/rpm-spec.ts';
import { makeRepository, SAMPLE_SOURCES } from '../../src/demo/sample-repository.ts';
import { binaryNames, ENDED_FIELDS, type EndedCompose } from '../support/ended-compose.ts';
import { kojiTest } from '../support/fixtures.ts';
import { buildModule, buildSamples, type KojiLab } from '../support/koji-lab.ts';
import { layOut } from '../support/koji-top-dir.ts';
import { isInstalled, REAL_PUNGI_PATH } from '../support/pungi-path.ts';

const MORE_SOURCES: readonly SampleSource[] = [
  {
    name: 'wide',
    arches: ['x86_64', 'i686'],
    packages: [
      { requires: ['cowsay'], files: ['/usr/lib/libwide.so.1'] },
      { name: 'wide-tools', files: ['/usr/bin/wide'] },
    ],
  },
  { name: 'broken', noarch: true, packages: [{ requires: ['nowhere-to-be-found'] }] },
  { name: 'trial', packages: [{ files: ['/usr/bin/trial'] }] },
];
const KEY = 'abcdef12';

const ALL = [
  'broken',
  'cowsay',
  'greet',
  'hello',
  'hello-data',
  'libhello',
  'libhello-devel',
  'unrelated',
  'wide',
  'wide-tools',
];

/** Fills Koji and returns the task of a scratch build. The tag f43 inherits from f43-base. */
async function fill(lab: KojiLab): Promise<string> {
  const { koji } = lab;
  koji.addTag('f43-base');
  koji.addTag('f43', { parents: ['f43-base'] });
  buildSamples(koji, 'f43-base', { hello: [KEY], 'hello-data': [KEY], cowsay: [KEY] });
  await makeRepository(join(lab.topDir, 'rpms'), MORE_SOURCES);
  buildSamples(koji, 'f43-base', {}, MORE_SOURCES.slice(0, 2));
  const scratchBuild = String(koji.addScratchBuild(['trial-1.0-1.src.rpm', 'trial-1.0-1.x86_64.rpm']));
  koji.addTag('f43-modular');
  buildModule(
    lab,
    'f43-modular',
    'greeter:1-lts:20260101000000:aa',
    [{ platform: ['f40'], speech: ['2'] }],
    { rpms: ['greet-0:0.9-1.src', 'greet-0:0.9-1.x86_64'] },
    ['greet-0.9-1'],
  );
  buildModule(
    lab,
    'f43-modular',
    'speech:2:20260102000000:bb',
    [{ platform: ['f40'] }],
    { rpms: ['cowsay-0:3.04-7.noarch'] },
    ['cowsay-3.04-7'],
  );
  buildModule(lab, 'f43-modular', 'speech:2:20260101000000:old', [{ platform: ['f40'] }], { rpms: [] }, []);
  buildModule(
    lab,
    'f43-modular',
    'trial:1:20260101000000:cc',
    [{ platform: ['f40'] }],
    { state: 3, rpms: ['hello-data-0:2.3-1.noarch'] },
    ['hello-data-2.3-1'],
  );
  koji.untagBuild('f43-modular', 'trial-1-20260101000000.cc');
  await layOut(lab);
  return scratchBuild;
}

const it = kojiTest
  .override('settings', { PATH: REAL_PUNGI_PATH, ODCS_ARCHES: 'x86_64,s390x' })
  .extend('scratchBuild', { scope: 'file' }, ({ emptyLab }) => fill(emptyLab))
  .extend('lab', { scope: 'file' }, ({ emptyLab, scratchBuild: _filled }) => emptyLab)
  .extend(
    'compose',
    { scope: 'file' },
    ({ lab }) =>
      (input: object) =>
        lab.service.composed<EndedCompose>({ arches: ['x86_64'], ...input }, ENDED_FIELDS),
  );

const tag = (source: object = {}) => ({ source: { tag: { tag: 'f43', ...source } } });
const modules = (source: object) => ({ source: { module: source } });

describe.runIf(isInstalled('pungi-koji'))('Real Pungi', { timeout: 240_000 }, () => {
  it.for<readonly [string, (scratchBuild: string) => object, readonly string[]]>([
    [
      'a package of a tag with its dependencies',
      () => tag({ packages: ['hello'] }),
      ['greet', 'hello', 'hello-data', 'libhello'],
    ],
    ['a whole tag', () => tag(), ALL],
    ['a whole tag under NO_DEPS', () => ({ ...tag(), flags: ['NO_DEPS'] }), ALL],
    [
      'a build, without what the tag inherits',
      () => ({ ...tag({ builds: ['greet-0.9-1'] }), flags: ['NO_INHERITANCE'] }),
      ['greet'],
    ],
    ['one package under NO_DEPS', () => ({ ...tag({ packages: ['hello'] }), flags: ['NO_DEPS'] }), ['hello']],
    [
      'a glob under NO_DEPS',
      () => ({ ...tag({ packages: ['libhello*'] }), flags: ['NO_DEPS'] }),
      ['libhello', 'libhello-devel'],
    ],
    ['builds', () => ({ source: { build: { builds: ['greet-0.9-1', 'cowsay-3.04-7'] } } }), ['cowsay', 'greet']],
    [
      'a package of a build under NO_DEPS',
      () => ({ source: { build: { builds: ['hello-2.12-1'], packages: ['libhello'] } }, flags: ['NO_DEPS'] }),
      ['libhello'],
    ],
    ['a signed package of a tag', () => ({ ...tag({ packages: ['cowsay'] }), sigkeys: [KEY] }), ['cowsay']],
    [
      'a scratch build',
      (scratchBuild) => ({ source: { build: { builds: [], scratchBuildTasks: [scratchBuild] } } }),
      ['trial'],
    ],
    [
      'a tag and a scratch build',
      (scratchBuild) => tag({ packages: ['trial', 'greet'], scratchBuildTasks: [scratchBuild] }),
      ['greet', 'trial'],
    ],
    [
      'libraries for multilib',
      () => ({
        ...tag({ packages: ['wide', 'wide-tools'] }),
        multilibArches: ['x86_64'],
        multilibMethods: ['RUNTIME'],
      }),
      ['cowsay', 'wide', 'wide-tools', 'wide.i686'],
    ],
    ['a module with its dependencies', () => modules({ modules: ['greeter:1-lts'] }), ['cowsay', 'greet']],
    ['a module under NO_DEPS', () => ({ ...modules({ modules: ['greeter:1-lts'] }), flags: ['NO_DEPS'] }), ['greet']],
    ['all modules of a tag', () => modules({ modularTags: ['f43-modular'] }), ['cowsay', 'greet']],
    [
      'a scratch module',
      () => modules({ modules: ['speech:2'], scratchModules: ['trial:1:20260101000000:cc'] }),
      ['cowsay', 'hello-data'],
    ],
    [
      'only a scratch module',
      () => modules({ modules: [], scratchModules: ['trial:1:20260101000000:cc'] }),
      ['hello-data'],
    ],
  ])('makes a compose of %s', async ([, input, expected], { compose, scratchBuild }) => {
    const done = await compose(input(scratchBuild));
    expect(done).toMatchObject({ state: 'DONE', failure: null });
    expect(binaryNames(done)).toEqual(expected);
  });

  it('leaves out the packages of lookaside repositories', async ({ directory, compose }) => {
    const lookaside = join(directory, 'lookaside');
    await makeRepository(
      lookaside,
      SAMPLE_SOURCES.filter(({ name }) => name === 'hello-data' || name === 'greet'),
    );
    const done = await compose({ ...tag({ packages: ['hello'] }), lookasideRepos: [lookaside] });
    expect(done).toMatchObject({ state: 'DONE', failure: null });
    expect(binaryNames(done)).toEqual(['hello', 'libhello']);
  });

  it('publishes module streams in the metadata of the repository', async ({ lab, compose }) => {
    const done = await compose({ ...modules({ modules: ['greeter:1-lts'] }), flags: ['NO_REUSE'] });
    const repodata = join(lab.service.targetDir, `odcs-${done.id}`, 'compose/Temporary/x86_64/os/repodata');
    expect((await readdir(repodata)).filter((name) => /modules\.yaml/.test(name))).toHaveLength(1);
  });

  it.runIf(isInstalled('fus'))('makes a compose of packages, modules and module defaults', async ({ lab, compose }) => {
    const defaults = await lab.git.repository('defaults');
    await defaults.commit({
      'greeter.yaml': moduleDefaults('greeter', '1-lts'),
      'speech.yaml': moduleDefaults('speech', '2'),
    });
    const done = await compose(
      tag({
        packages: ['hello'],
        modularTags: ['f43-modular'],
        moduleDefaults: { url: lab.git.urlOf(defaults), commit: 'main' },
      }),
    );
    expect(done).toMatchObject({ state: 'DONE', failure: null });
    expect(binaryNames(done)).toEqual(['cowsay', 'greet', 'hello', 'hello-data', 'libhello']);
  });

  it.runIf(isInstalled('fus'))(
    'fails for unsatisfied dependencies of packages and modules under CHECK_DEPS only',
    async ({ compose }) => {
      const unchecked = await compose(tag({ packages: ['broken'], modularTags: ['f43-modular'] }));
      expect(unchecked).toMatchObject({ state: 'DONE', failure: null });
      const { failure } = await compose({
        ...tag({ packages: ['broken'], modularTags: ['f43-modular'] }),
        flags: ['CHECK_DEPS'],
      });
      expect(failure).toMatchObject({
        code: 'UNSATISFIED_DEPENDENCIES',
        message: expect.stringMatching(/nothing provides nowhere-to-be-found needed by broken.*\(x86_64\)/) as string,
      });
    },
  );

  it.for<readonly [string, (scratchBuild: string) => object, string, RegExp]>([
    [
      'a module that was not built for an arch',
      () => ({ ...modules({ modules: ['speech:2'] }), arches: ['x86_64', 's390x'] }),
      'INVALID_SOURCE',
      /not built for s390x/,
    ],
    [
      'an unsigned dependency',
      () => ({ ...tag({ packages: ['hello'] }), sigkeys: [KEY] }),
      'UNSIGNED_PACKAGES',
      /greet/,
    ],
    [
      'a missing package',
      (scratchBuild) => tag({ packages: ['nowhere', 'trial'], scratchBuildTasks: [scratchBuild] }),
      'MISSING_PACKAGES',
      /nowhere/,
    ],
  ])('fails with the reason for %s', async ([, input, code, message], { compose, scratchBuild }) => {
    const { failure } = await compose(input(scratchBuild));
    expect(failure).toMatchObject({ code });
    expect(`${failure?.message}\n${failure?.details}`).toMatch(message);
  });

  it('writes the label of a production compose to composeinfo.json', async ({ lab, compose }) => {
    const done = await compose({
      ...tag({ packages: ['greet'] }),
      composeType: 'PRODUCTION',
      label: 'RC-1.2',
      parentPungiComposeIds: ['Other-1-20261101.0'],
      respinOf: 'Other-1-20261102.0',
    });
    expect(done).toMatchObject({ state: 'DONE', failure: null });
    const info = JSON.parse(
      await readFile(join(lab.service.targetDir, `odcs-${done.id}`, 'compose/metadata/composeinfo.json'), 'utf8'),
    ) as { payload: { compose: object } };
    expect(info.payload.compose).toMatchObject({ type: 'production', label: 'RC-1.2' });
  });

  it('uses the cache of the tag with the packages of the right event, and works without the cache if it is damaged', async ({
    lab,
    compose,
  }) => {
    const { koji, service } = lab;
    koji.addTag('f43-twice');
    for (const nvr of ['hello-2.12-1', 'greet-0.9-1', 'cowsay-3.04-7', 'unrelated-1.0-1'])
      koji.tagBuild('f43-twice', nvr);
    const composeTwice = async (packages: readonly string[]) => {
      const done = await compose({ source: { tag: { tag: 'f43-twice', packages } } });
      expect(done).toMatchObject({ state: 'DONE', failure: null });
      return {
        names: new Set(done.packages?.nodes.map(({ name }) => name)),
        log: await readFile(join(service.targetDir, '.logs', done.id, '1.log'), 'utf8'),
      };
    };
    expect((await composeTwice(['greet'])).log).toContain('No suitable old compose found in: []');
    koji.untagBuild('f43-twice', 'cowsay-3.04-7');
    const second = await composeTwice([]);
    expect(second.log).toMatch(/Using old repodata from: \S+\/work\/global\/repo\/f43-twice$/m);
    expect(second.log).not.toContain('Failed to load old cache');
    expect([...second.names]).toEqual(expect.arrayContaining(['greet', 'hello', 'unrelated']));
    expect(second.names).not.toContain('cowsay');
    koji.untagBuild('f43-twice', 'unrelated-1.0-1');
    await damageCache(service.targetDir, 'f43-twice');
    const third = await composeTwice([]);
    expect(third.log).toContain('Failed to load old cache');
    expect(third.names).not.toContain('unrelated');
  });
});

function moduleDefaults(module: string, stream: string): string {
  return `---\ndocument: modulemd-defaults\nversion: 1\ndata:\n  module: ${module}\n  stream: ${stream}\n  profiles: {}\n...\n`;
}

/** Overwrites the cached files of the tag, and keeps their sizes. */
async function damageCache(targetDir: string, tag: string): Promise<void> {
  const cache = join(targetDir, '.kept');
  for (const name of await readdir(cache, { recursive: true })) {
    const path = join(cache, name);
    if (name.includes(tag) && (await stat(path)).isFile())
      await writeFile(path, Buffer.alloc((await stat(path)).size, 'Z'));
  }
}
