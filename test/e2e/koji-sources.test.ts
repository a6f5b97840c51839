// Tags, builds and modules through GraphQL, down to what Pungi is given and what is published.

import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRepository } from '../../src/demo/sample-repository.ts';
import { buildModule, buildSamples, startKojiLab, type KojiLab } from '../support/koji-lab.ts';

let directory: string;
let lab: KojiLab;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'odcs-koji-'));
  lab = await startKojiLab(directory);
  lab.koji.addTag('f43-base');
  lab.koji.addTag('f43', { parents: ['f43-base'] });
  buildSamples(lab.koji, 'f43-base', { hello: ['ABCDEF12'] });
  lab.koji.addTag('f43-modular');
  buildModule(lab, 'f43-modular', 'greeter:1:20260101000000:aa', [{ platform: ['f40'], speech: ['2'] }]);
  buildModule(lab, 'f43-modular', 'speech:2:20260102000000:bb');
  buildModule(lab, 'f43-modular', 'speech:2:20260101000000:old');
  await lab.knowModules({
    'greeter:1:20260101000000:aa': ['greet-0.9-1'],
    'speech:2:20260102000000:bb': ['cowsay-3.04-7'],
  });
}, 120_000);

afterAll(async () => {
  await lab?.stop();
  await rm(directory, { recursive: true, force: true });
});

const ENDED = `id state stateReason pungiComposeId failure { code message retryable } reuses { id } packages { nodes { name arch } } source {
  __typename ... on TagSource { kojiEvent tag } ... on ModuleSource { modules resolvedModules } ... on BuildSource { builds } }`;

interface Ended {
  readonly id: string;
  readonly state: string;
  readonly pungiComposeId: string;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly reuses: { readonly id: string } | null;
  readonly packages: { readonly nodes: readonly { readonly name: string; readonly arch: string }[] };
  readonly source: { readonly kojiEvent: number | null; readonly resolvedModules: readonly string[] | null };
}

async function compose(input: object): Promise<Ended> {
  return (await lab.service.ended(await lab.service.request(input), ENDED)) as unknown as Ended;
}

const names = ({ packages }: Ended) =>
  [...new Set(packages.nodes.filter(({ arch }) => arch !== 'src').map(({ name }) => name))].sort();

describe('a compose of a tag', () => {
  it('has the packages asked for with what they need, taken at an event that is told', async () => {
    const done = await compose({ source: { tag: { tag: 'f43', packages: ['greet'] } } });
    expect(done).toMatchObject({ state: 'DONE', failure: null });
    expect(names(done)).toEqual(['greet']);
    expect(done.source.kojiEvent).toBeGreaterThan(0);
    const { configuration, comps, kojiConf, arguments: args } = await lab.saw(done.pungiComposeId);
    expect(configuration).toMatchObject({
      pkgset_source: 'koji',
      koji_profile: 'fake',
      pkgset_koji_tag: ['f43'],
      pkgset_koji_inherit: true,
      gather_method: 'deps',
      sigkeys: [null],
    });
    expect(configuration).not.toHaveProperty('pkgset_repos');
    expect(comps).toContain('<packagereq>greet</packagereq>');
    expect(kojiConf).toContain(`[fake]\nserver = ${lab.koji.url}/kojihub\n`);
    expect(args).toContain(`--koji-event=${done.source.kojiEvent}`);
    const published = await readdir(
      join(lab.service.targetDir, `odcs-${done.id}`, 'compose', 'Temporary', 'x86_64', 'os', 'Packages', 'g'),
    );
    expect(published).toEqual(['greet-0.9-1.x86_64.rpm']);
    expect(
      await readFile(
        join(lab.service.targetDir, `odcs-${done.id}`, 'compose', 'Temporary', `odcs-${done.id}.repo`),
        'utf8',
      ),
    ).toContain(`[odcs-${done.id}]`);
  });

  it('has all packages where none are named, without inheritance where asked, at the event asked for', async () => {
    const event = lab.koji.lastEvent;
    const done = await compose({
      source: { tag: { tag: 'f43-base', kojiEvent: event } },
      flags: ['NO_INHERITANCE', 'NO_DEPS'],
    });
    expect(done).toMatchObject({ state: 'DONE', source: { kojiEvent: event } });
    expect(names(done)).toEqual(expect.arrayContaining(['cowsay', 'greet', 'hello', 'libhello', 'unrelated']));
    const { configuration, arguments: args } = await lab.saw(done.pungiComposeId);
    expect(configuration).toMatchObject({
      pkgset_koji_inherit: false,
      additional_packages: [['^Temporary$', { '*': ['*'] }]],
    });
    expect(args).toContain(`--koji-event=${event}`);
  });

  it('takes builds and scratch builds, modules of tags and module defaults on top', async () => {
    const defaults = await lab.git.repository('defaults');
    await defaults.commit({ 'greeter.yaml': 'document: modulemd-defaults\n' });
    const task = String(lab.koji.addTask());
    const done = await compose({
      source: {
        tag: {
          tag: 'f43',
          packages: ['greet'],
          builds: ['cowsay-3.04-7'],
          scratchBuildTasks: [task],
          modularTags: ['f43-modular'],
          moduleDefaults: { url: lab.git.urlOf(defaults), commit: 'main' },
        },
      },
    });
    expect(done).toMatchObject({ state: 'DONE', failure: null });
    const { configuration, variants, directory: kept } = await lab.saw(done.pungiComposeId);
    expect(configuration).toMatchObject({
      gather_method: 'hybrid',
      pkgset_koji_builds: ['cowsay-3.04-7'],
      pkgset_koji_scratch_tasks: [task],
    });
    expect(configuration['module_defaults_dir']).toMatch(/^\//);
    expect(variants).toContain(
      '<groups><group>odcs-group</group></groups><modules><kojitag>f43-modular</kojitag></modules>',
    );
    expect(names(done)).toEqual(['greet']);
    expect(await readdir(join(kept, 'module-defaults'))).toContain('greeter.yaml');
  });
});

describe('the next compose of a tag', () => {
  it('is given what the last one read of it', async () => {
    lab.koji.addTag('f43-twice', { parents: ['f43-base'] });
    const first = await compose({ source: { tag: { tag: 'f43-twice', packages: ['greet'] } } });
    const second = await compose({ source: { tag: { tag: 'f43-twice', packages: ['hello'] } } });
    expect([first, second]).toMatchObject([{ state: 'DONE' }, { state: 'DONE', reuses: null }]);
    const given = async ({ pungiComposeId }: Ended) =>
      JSON.parse(
        await readFile(join((await lab.saw(pungiComposeId)).directory, 'old-compose.json'), 'utf8'),
      ) as unknown;
    expect(await given(first)).toBeNull();
    expect(await given(second)).toEqual({
      headers: first.pungiComposeId,
      repomd: `<repomd><!-- ${first.pungiComposeId} --></repomd>`,
    });
  });
});

describe('a compose of packages beside modules', () => {
  it('fails for what nothing provides only where that is to be checked: its solver leaves it else, without a word', async () => {
    await makeRepository(join(lab.topDir, 'rpms'), [
      { name: 'lacking', noarch: true, packages: [{ requires: ['nowhere-to-be-found'] }] },
    ]);
    lab.koji.addBuild('lacking-1.0-1', { rpms: [{ arch: 'src' }, { arch: 'noarch' }] });
    lab.koji.tagBuild('f43-base', 'lacking-1.0-1');
    const input = { source: { tag: { tag: 'f43', packages: ['lacking'], modularTags: ['f43-modular'] } } };
    expect(await compose(input)).toMatchObject({ state: 'DONE', failure: null });
    const { failure } = await compose({ ...input, flags: ['CHECK_DEPS'] });
    expect(failure).toMatchObject({
      code: 'UNSATISFIED_DEPENDENCIES',
      message: expect.stringContaining('nothing provides nowhere-to-be-found needed by lacking.noarch (x86_64)'),
    });
  });
});

describe('a compose of builds', () => {
  it('has what those builds hold and nothing of any tag', async () => {
    const done = await compose({ source: { build: { builds: ['greet-0.9-1', 'cowsay-3.04-7'] } } });
    expect(done).toMatchObject({ state: 'DONE', failure: null });
    expect(names(done)).toEqual(['cowsay', 'greet']);
    const { configuration, arguments: args } = await lab.saw(done.pungiComposeId);
    expect(configuration).toMatchObject({
      pkgset_koji_tag: [''],
      pkgset_koji_builds: ['greet-0.9-1', 'cowsay-3.04-7'],
      pkgset_koji_inherit: false,
    });
    expect(args.filter((arg) => arg.startsWith('--koji-event'))).toEqual([]);
  });

  it('may be of scratch builds alone', async () => {
    const task = String(lab.koji.addTask());
    await lab.knowTasks({ [task]: ['greet-0.9-1'] });
    const done = await compose({ source: { build: { builds: [], scratchBuildTasks: [task] } } });
    expect(done).toMatchObject({ state: 'DONE' });
    expect(names(done)).toEqual(['greet']);
  });

  it('is signed as asked where Koji has the signatures', async () => {
    const done = await compose({
      source: { build: { builds: ['hello-2.12-1'], packages: ['libhello'] } },
      sigkeys: ['abcdef12'],
    });
    expect(done).toMatchObject({ state: 'DONE' });
    expect((await lab.saw(done.pungiComposeId)).configuration).toMatchObject({ sigkeys: ['abcdef12'] });
  });
});

describe('a compose of modules', () => {
  it('has the latest version in all contexts, with the modules that it needs, by their full names', async () => {
    const done = await compose({ source: { module: { modules: ['greeter:1'] } } });
    expect(done).toMatchObject({
      state: 'DONE',
      failure: null,
      source: {
        modules: ['greeter:1'],
        resolvedModules: ['greeter:1:20260101000000:aa', 'speech:2:20260102000000:bb'],
      },
    });
    expect(names(done)).toEqual(['cowsay', 'greet']);
    const { configuration, variants, comps } = await lab.saw(done.pungiComposeId);
    expect(configuration).toMatchObject({ gather_method: 'nodeps', pkgset_source: 'koji' });
    expect(configuration).not.toHaveProperty('pkgset_koji_tag');
    expect(configuration).not.toHaveProperty('additional_packages');
    expect(variants).toContain(
      '<modules><module>greeter:1:20260101000000:aa</module><module>speech:2:20260102000000:bb</module></modules>',
    );
    expect(comps).toBeNull();
  });

  it('has only what was named with NO_DEPS, and an older version where that is named', async () => {
    await lab.knowModules({ 'speech:2:20260101000000:old': ['cowsay-3.04-7'] });
    const done = await compose({ source: { module: { modules: ['speech:2:20260101000000'] } }, flags: ['NO_DEPS'] });
    expect(done).toMatchObject({ state: 'DONE', source: { resolvedModules: ['speech:2:20260101000000:old'] } });
  });

  it('is looked up among what is tagged where modular tags are named', async () => {
    lab.koji.addTag('side');
    lab.koji.addModule(
      'side',
      'greeter:1:20270101000000:cc',
      'document: modulemd\nversion: 2\ndata:\n  name: greeter\n',
    );
    await lab.knowModules({ 'greeter:1:20270101000000:cc': ['greet-0.9-1'] });
    const done = await compose({ source: { module: { modules: ['greeter:1'], modularTags: ['side'] } } });
    expect(done).toMatchObject({ state: 'DONE', source: { resolvedModules: ['greeter:1:20270101000000:cc'] } });
    const all = await compose({ source: { module: { modularTags: ['side'] } } });
    expect(all).toMatchObject({ state: 'DONE', source: { resolvedModules: ['greeter:1:20270101000000:cc'] } });
  });

  it('is made again of the same builds, though there are newer ones by then, and says still how it was asked for', async () => {
    lab.koji.addTag('f43-moving');
    lab.koji.addModule(
      'f43-moving',
      'moving:1:20260101000000:aa',
      'document: modulemd\nversion: 2\ndata:\n  name: moving\n',
    );
    await lab.knowModules({ 'moving:1:20260101000000:aa': ['greet-0.9-1'] });
    const first = await compose({ source: { module: { modules: ['moving:1'], modularTags: ['f43-moving'] } } });
    lab.koji.addModule(
      'f43-moving',
      'moving:1:20270101000000:aa',
      'document: modulemd\nversion: 2\ndata:\n  name: moving\n',
    );
    const { data } = await lab.service.query(
      'mutation ($id: ID!) { renewCompose(input: { id: $id, sigkeys: [""] }) { compose { id } } }',
      { id: first.id },
    );
    const again = await lab.service.ended(
      (data as { renewCompose: { compose: { id: string } } }).renewCompose.compose.id,
      ENDED,
    );
    expect(again).toMatchObject({
      state: 'DONE',
      source: { modules: ['moving:1'], resolvedModules: ['moving:1:20260101000000:aa'] },
    });
  });

  it('is shared by whoever names its builds in full', async () => {
    buildModule(lab, 'f43-modular', 'lonely:1:20260101000000:aa');
    await lab.knowModules({ 'lonely:1:20260101000000:aa': ['greet-0.9-1'] });
    const first = await compose({ source: { module: { modules: ['lonely:1'] } } });
    const exact = ['lonely:1:20260101000000:aa'];
    expect(await compose({ source: { module: { modules: exact } } })).toMatchObject({
      state: 'DONE',
      reuses: { id: first.id },
      source: { modules: exact, resolvedModules: exact },
    });
  });

  it('may hold scratch modules, which Pungi asks MBS for', async () => {
    buildModule(lab, 'f43-modular', 'trial:1:20260101000000:aa+1', undefined, { state: 3 });
    const done = await compose({
      source: { module: { modules: ['speech:2'], scratchModules: ['trial:1:20260101000000:aa+1'] } },
    });
    expect(done).toMatchObject({
      state: 'DONE',
      source: { resolvedModules: ['speech:2:20260102000000:bb', 'trial:1:20260101000000:aa+1'] },
    });
    expect((await lab.saw(done.pungiComposeId)).configuration).toMatchObject({
      pkgset_scratch_modules: { '^Temporary$': ['trial:1:20260101000000:aa+1'] },
      mbs_api_url: `${lab.mbs.apiUrl}/2`,
    });
  });
});

describe('two composes of a tag', () => {
  it('share where nothing changed in between, though Koji went on elsewhere', async () => {
    const first = await compose({ source: { tag: { tag: 'f43', packages: ['cowsay'] } } });
    lab.koji.addTag('elsewhere');
    lab.koji.eventElsewhere();
    const second = await compose({ source: { tag: { tag: 'f43', packages: ['cowsay'] } } });
    expect(second).toMatchObject({
      state: 'DONE',
      reuses: { id: first.id },
      source: { kojiEvent: first.source.kojiEvent },
    });
  });

  it('do not share where a parent of the tag changed', async () => {
    const first = await compose({ source: { tag: { tag: 'f43', packages: ['greet'] } } });
    lab.koji.addBuild('fresh-1-1', { rpms: [{ arch: 'src' }, { arch: 'x86_64' }] });
    lab.koji.tagBuild('f43-base', 'fresh-1-1');
    const second = await compose({ source: { tag: { tag: 'f43', packages: ['greet'] } } });
    expect(second).toMatchObject({ state: 'DONE', reuses: null });
    expect(second.source.kojiEvent).toBeGreaterThan(first.source.kojiEvent ?? 0);
    // Who asks for the older event by its number gets what was made of it.
    const third = await compose({
      source: { tag: { tag: 'f43', packages: ['greet'], kojiEvent: first.source.kojiEvent } },
    });
    expect(third.source.kojiEvent).toBe(first.source.kojiEvent);
    expect(third.reuses).not.toEqual({ id: second.id });
  });

  it('do not share without inheritance what has it', async () => {
    await compose({ source: { tag: { tag: 'f43-base', packages: ['greet'] } } });
    const second = await compose({
      source: { tag: { tag: 'f43-base', packages: ['greet'] } },
      flags: ['NO_INHERITANCE'],
    });
    expect(second.reuses).toBeNull();
  });
});

describe('two composes of modules', () => {
  it('share until there is a new version of one that they need', async () => {
    const first = await compose({ source: { module: { modules: ['greeter:1'] } } });
    expect(await compose({ source: { module: { modules: ['greeter:1'] } } })).toMatchObject({
      reuses: { id: first.reuses?.id ?? first.id },
    });
    buildModule(lab, 'f43-modular', 'speech:2:20280101000000:dd');
    await lab.knowModules({ 'speech:2:20280101000000:dd': ['cowsay-3.04-7'] });
    expect(await compose({ source: { module: { modules: ['greeter:1'] } } })).toMatchObject({
      state: 'DONE',
      reuses: null,
    });
  });
});
