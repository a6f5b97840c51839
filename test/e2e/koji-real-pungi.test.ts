// Real Pungi, where it is installed, against the tests' Koji and MBS: that it takes the configuration, asks as it is meant to
// and makes of it what was asked for.

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SampleSource } from '../../src/demo/rpm-spec.ts';
import { makeRepository, SAMPLE_SOURCES } from '../../src/demo/sample-repository.ts';
import { layOut } from '../support/koji-top-dir.ts';
import { buildModule, buildSamples, startKojiLab, type KojiLab } from '../support/koji-lab.ts';

const FAKE_PUNGI = fileURLToPath(new URL('../support/fake-pungi', import.meta.url));
const path = (process.env['PATH'] ?? '').split(':').filter((entry) => entry !== FAKE_PUNGI);
const has = (program: string) => path.some((entry) => existsSync(join(entry, program)));

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

let directory: string;
let lab: KojiLab;
let scratchBuild: string;

describe.runIf(has('pungi-koji'))('real Pungi', () => {
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'odcs-real-'));
    lab = await startKojiLab(directory, {
      PATH: [dirname(process.execPath), ...path].join(':'),
      ODCS_ARCHES: 'x86_64,s390x',
    });
    const { koji } = lab;
    koji.addTag('f43-base');
    koji.addTag('f43', { parents: ['f43-base'] });
    buildSamples(koji, 'f43-base', { hello: [KEY], 'hello-data': [KEY], cowsay: [KEY] });
    await makeRepository(join(lab.topDir, 'rpms'), MORE_SOURCES);
    buildSamples(koji, 'f43-base', {}, MORE_SOURCES.slice(0, 2));
    scratchBuild = String(koji.addScratchBuild(['trial-1.0-1.src.rpm', 'trial-1.0-1.x86_64.rpm']));
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
  }, 120_000);

  afterAll(async () => {
    await lab?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  interface Ended {
    readonly id: string;
    readonly state: string;
    readonly failure: { readonly code: string; readonly message: string; readonly details: string | null } | null;
    readonly packages: { readonly nodes: readonly { readonly name: string; readonly arch: string }[] };
  }

  async function compose(input: object): Promise<Ended> {
    return (await lab.service.ended(
      await lab.service.request({ arches: ['x86_64'], ...input }),
      'id state failure { code message details } packages { nodes { name arch } }',
    )) as unknown as Ended;
  }

  const names = ({ packages }: Ended) =>
    [
      ...new Set(
        packages.nodes
          .filter(({ arch }) => arch !== 'src')
          .map(({ name, arch }) => (arch === 'i686' ? `${name}.i686` : name)),
      ),
    ]
      .filter((name) => !/-debug(info|source)$/.test(name))
      .sort();
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
  const tag = (source: object = {}) => ({ source: { tag: { tag: 'f43', ...source } } });
  const modules = (source: object) => ({ source: { module: source } });

  it.each<[string, () => object, readonly string[]]>([
    [
      'a package of a tag and what it needs',
      () => tag({ packages: ['hello'] }),
      ['greet', 'hello', 'hello-data', 'libhello'],
    ],
    ['all of a tag', () => tag(), ALL],
    ['all of a tag without dependencies', () => ({ ...tag(), flags: ['NO_DEPS'] }), ALL],
    [
      'nothing of what a tag inherits',
      () => ({ ...tag({ builds: ['greet-0.9-1'] }), flags: ['NO_INHERITANCE'] }),
      ['greet'],
    ],
    ['one package alone', () => ({ ...tag({ packages: ['hello'] }), flags: ['NO_DEPS'] }), ['hello']],
    [
      'a glob alone',
      () => ({ ...tag({ packages: ['libhello*'] }), flags: ['NO_DEPS'] }),
      ['libhello', 'libhello-devel'],
    ],
    ['builds', () => ({ source: { build: { builds: ['greet-0.9-1', 'cowsay-3.04-7'] } } }), ['cowsay', 'greet']],
    [
      'a package of a build, without dependencies',
      () => ({ source: { build: { builds: ['hello-2.12-1'], packages: ['libhello'] } }, flags: ['NO_DEPS'] }),
      ['libhello'],
    ],
    [
      'a package of a tag with what is signed',
      () => ({ ...tag({ packages: ['cowsay'] }), sigkeys: [KEY] }),
      ['cowsay'],
    ],
    ['a scratch build', () => ({ source: { build: { builds: [], scratchBuildTasks: [scratchBuild] } } }), ['trial']],
    [
      'a tag and a scratch build',
      () => tag({ packages: ['trial', 'greet'], scratchBuildTasks: [scratchBuild] }),
      ['greet', 'trial'],
    ],
    [
      'libraries of two arches',
      () => ({
        ...tag({ packages: ['wide', 'wide-tools'] }),
        multilibArches: ['x86_64'],
        multilibMethods: ['RUNTIME'],
      }),
      ['cowsay', 'wide', 'wide-tools', 'wide.i686'],
    ],
    ['a module with what it needs', () => modules({ modules: ['greeter:1-lts'] }), ['cowsay', 'greet']],
    ['a module alone', () => ({ ...modules({ modules: ['greeter:1-lts'] }), flags: ['NO_DEPS'] }), ['greet']],
    ['all modules of a tag', () => modules({ modularTags: ['f43-modular'] }), ['cowsay', 'greet']],
    [
      'a scratch module',
      () => modules({ modules: ['speech:2'], scratchModules: ['trial:1:20260101000000:cc'] }),
      ['cowsay', 'hello-data'],
    ],
    [
      'a scratch module alone',
      () => modules({ modules: [], scratchModules: ['trial:1:20260101000000:cc'] }),
      ['hello-data'],
    ],
  ])(
    'composes %s',
    async (_, input, expected) => {
      const done = await compose(input());
      expect({ state: done.state, failure: done.failure }).toEqual({ state: 'DONE', failure: null });
      expect(names(done)).toEqual(expected);
    },
    120_000,
  );

  it('leaves out what lookaside repositories have', async () => {
    const lookaside = join(directory, 'lookaside');
    await makeRepository(
      lookaside,
      SAMPLE_SOURCES.filter(({ name }) => name === 'hello-data' || name === 'greet'),
    );
    const done = await compose({ ...tag({ packages: ['hello'] }), lookasideRepos: [lookaside] });
    expect({ state: done.state, failure: done.failure }).toEqual({ state: 'DONE', failure: null });
    expect(names(done)).toEqual(['hello', 'libhello']);
  }, 120_000);

  it('publishes a module’s streams in the metadata of the repository', async () => {
    const done = await compose({ ...modules({ modules: ['greeter:1-lts'] }), flags: ['NO_REUSE'] });
    const repodata = join(lab.service.targetDir, `odcs-${done.id}`, 'compose/Temporary/x86_64/os/repodata');
    expect((await readdir(repodata)).filter((name) => /modules\.yaml/.test(name))).toHaveLength(1);
  }, 120_000);

  it.runIf(has('fus'))(
    'composes packages of a tag with modules on top, and the defaults of those',
    async () => {
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
      expect({ state: done.state, failure: done.failure }).toEqual({ state: 'DONE', failure: null });
      expect(names(done)).toEqual(['cowsay', 'greet', 'hello', 'hello-data', 'libhello']);
    },
    120_000,
  );

  it.runIf(has('fus'))(
    'says of packages beside modules what they lack, where that is to be checked',
    async () => {
      const lacking = await compose(tag({ packages: ['broken'], modularTags: ['f43-modular'] }));
      expect(lacking).toMatchObject({ state: 'DONE', failure: null });
      const { failure } = await compose({
        ...tag({ packages: ['broken'], modularTags: ['f43-modular'] }),
        flags: ['CHECK_DEPS'],
      });
      expect(failure).toMatchObject({
        code: 'UNSATISFIED_DEPENDENCIES',
        message: expect.stringMatching(/nothing provides nowhere-to-be-found needed by broken.*\(x86_64\)/) as string,
      });
    },
    120_000,
  );

  it.each<[string, () => object, string, RegExp]>([
    [
      'a module that was not built for an arch',
      () => ({ ...modules({ modules: ['speech:2'] }), arches: ['x86_64', 's390x'] }),
      'INVALID_SOURCE',
      /not built for s390x/,
    ],
    [
      'a dependency that is unsigned',
      () => ({ ...tag({ packages: ['hello'] }), sigkeys: [KEY] }),
      'UNSIGNED_PACKAGES',
      /greet/,
    ],
    [
      'a package that is nowhere',
      () => tag({ packages: ['nowhere', 'trial'], scratchBuildTasks: [scratchBuild] }),
      'MISSING_PACKAGES',
      /nowhere/,
    ],
  ])(
    'says what is wrong with %s',
    async (_, input, code, message) => {
      const { failure } = await compose(input());
      expect(failure).toMatchObject({ code });
      expect(`${failure?.message}\n${failure?.details}`).toMatch(message);
    },
    120_000,
  );

  it('names a compose for production by its label', async () => {
    const done = await compose({
      ...tag({ packages: ['greet'] }),
      composeType: 'PRODUCTION',
      label: 'RC-1.2',
      parentPungiComposeIds: ['Other-1-20261101.0'],
      respinOf: 'Other-1-20261102.0',
    });
    expect({ state: done.state, failure: done.failure }).toEqual({ state: 'DONE', failure: null });
    const info = JSON.parse(
      await readFile(join(lab.service.targetDir, `odcs-${done.id}`, 'compose/metadata/composeinfo.json'), 'utf8'),
    ) as { payload: { compose: object } };
    expect(info.payload.compose).toMatchObject({ type: 'production', label: 'RC-1.2' });
  }, 120_000);

  it('takes what the last compose of the tag read, has the packages of its own event, and does without what is damaged', async () => {
    const { koji, service } = lab;
    koji.addTag('f43-twice');
    for (const nvr of ['hello-2.12-1', 'greet-0.9-1', 'cowsay-3.04-7', 'unrelated-1.0-1'])
      koji.tagBuild('f43-twice', nvr);
    const composeTwice = async (packages: readonly string[]) => {
      const done = await compose({ source: { tag: { tag: 'f43-twice', packages } } });
      expect({ state: done.state, failure: done.failure }).toEqual({ state: 'DONE', failure: null });
      return {
        names: new Set(done.packages.nodes.map(({ name }) => name)),
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
    await damageKept(service.targetDir, 'f43-twice');
    const third = await composeTwice([]);
    expect(third.log).toContain('Failed to load old cache');
    expect(third.names).not.toContain('unrelated');
  }, 240_000);
});

function moduleDefaults(module: string, stream: string): string {
  return `---\ndocument: modulemd-defaults\nversion: 1\ndata:\n  module: ${module}\n  stream: ${stream}\n  profiles: {}\n...\n`;
}

/** Every file that is kept of the tag is as long as it was, and nothing else. */
async function damageKept(targetDir: string, tag: string): Promise<void> {
  const kept = join(targetDir, '.kept');
  for (const name of await readdir(kept, { recursive: true })) {
    const path = join(kept, name);
    if (name.includes(tag) && (await stat(path)).isFile())
      await writeFile(path, Buffer.alloc((await stat(path)).size, 'Z'));
  }
}
