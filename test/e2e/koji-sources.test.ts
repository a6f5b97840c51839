// Tags, builds and modules: from the GraphQL request to the input of Pungi and the published result.

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { makeRepository } from '../../src/demo/sample-repository.ts';
import { binaryNames, ENDED_FIELDS, type EndedCompose } from '../support/ended-compose.ts';
import { kojiTest } from '../support/fixtures.ts';
import { buildModule, buildSamples } from '../support/koji-lab.ts';

const FIELDS = `${ENDED_FIELDS} source { ... on TagSource { kojiEvent tag } ... on ModuleSource { modules resolvedModules }
  ... on BuildSource { builds } }`;
const PLAIN_MODULEMD = 'document: modulemd\nversion: 2\ndata:\n  name: greeter\n';

interface Ended extends EndedCompose {
  readonly source: { readonly kojiEvent: number | null; readonly resolvedModules: readonly string[] | null };
}

const it = kojiTest
  .extend('lab', { scope: 'file' }, async ({ emptyLab: lab }) => {
    lab.koji.addTag('f43-base');
    lab.koji.addTag('f43', { parents: ['f43-base'] });
    buildSamples(lab.koji, 'f43-base', { hello: ['ABCDEF12'] });
    lab.koji.addTag('f43-modular');
    buildModule(lab, 'f43-modular', 'greeter:1:20260101000000:aa', [{ platform: ['f40'], speech: ['2'] }]);
    buildModule(lab, 'f43-modular', 'speech:2:20260102000000:bb');
    buildModule(lab, 'f43-modular', 'speech:2:20260101000000:old');
    await lab.addPungiModules({
      'greeter:1:20260101000000:aa': ['greet-0.9-1'],
      'speech:2:20260102000000:bb': ['cowsay-3.04-7'],
    });
    return lab;
  })
  .extend(
    'compose',
    { scope: 'file' },
    ({ lab }) =>
      (input: object) =>
        lab.service.composed<Ended>(input, FIELDS),
  );

describe('A compose of a tag', { timeout: 60_000 }, () => {
  it('has the requested packages and their dependencies at the newest event', async ({ lab, compose }) => {
    const done = await compose({ source: { tag: { tag: 'f43', packages: ['greet'] } } });
    expect(done).toMatchObject({ state: 'DONE', failure: null });
    expect(binaryNames(done)).toEqual(['greet']);
    expect(done.source.kojiEvent).toBeGreaterThan(0);
    const { configuration, comps, kojiConf, arguments: args } = await lab.inputOf(done.pungiComposeId);
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

  it('has all packages of the tag itself at the requested event, if it names none and has NO_INHERITANCE', async ({
    lab,
    compose,
  }) => {
    const event = lab.koji.lastEvent;
    const done = await compose({
      source: { tag: { tag: 'f43-base', kojiEvent: event } },
      flags: ['NO_INHERITANCE', 'NO_DEPS'],
    });
    expect(done).toMatchObject({ state: 'DONE', source: { kojiEvent: event } });
    expect(binaryNames(done)).toEqual(expect.arrayContaining(['cowsay', 'greet', 'hello', 'libhello', 'unrelated']));
    const { configuration, arguments: args } = await lab.inputOf(done.pungiComposeId);
    expect(configuration).toMatchObject({
      pkgset_koji_inherit: false,
      additional_packages: [['^Temporary$', { '*': ['*'] }]],
    });
    expect(args).toContain(`--koji-event=${event}`);
  });

  it('adds builds, scratch builds, modules of tags and module defaults', async ({ lab, compose }) => {
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
    const { configuration, variants } = await lab.inputOf(done.pungiComposeId);
    expect(configuration).toMatchObject({
      gather_method: 'hybrid',
      pkgset_koji_builds: ['cowsay-3.04-7'],
      pkgset_koji_scratch_tasks: [task],
    });
    expect(configuration['module_defaults_dir']).toMatch(/^\//);
    expect(variants).toContain(
      '<groups><group>odcs-group</group></groups><modules><kojitag>f43-modular</kojitag></modules>',
    );
    expect(binaryNames(done)).toEqual(['greet']);
    expect(await readdir(join(lab.inputDirectory(done.pungiComposeId), 'module-defaults'))).toContain('greeter.yaml');
  });
});

describe('The cache of a tag', { timeout: 60_000 }, () => {
  it('is a hit for the next compose of the tag', async ({ lab, compose }) => {
    lab.koji.addTag('f43-twice', { parents: ['f43-base'] });
    const first = await compose({ source: { tag: { tag: 'f43-twice', packages: ['greet'] } } });
    const second = await compose({ source: { tag: { tag: 'f43-twice', packages: ['hello'] } } });
    expect([first, second]).toMatchObject([{ state: 'DONE' }, { state: 'DONE', reuses: null }]);
    const cached = async ({ pungiComposeId }: Ended) =>
      JSON.parse(await readFile(join(lab.inputDirectory(pungiComposeId), 'old-compose.json'), 'utf8')) as unknown;
    expect(await cached(first)).toBeNull();
    expect(await cached(second)).toEqual({
      headers: first.pungiComposeId,
      repomd: `<repomd><!-- ${first.pungiComposeId} --></repomd>`,
    });
  });
});

describe('A compose of packages and modules', { timeout: 60_000 }, () => {
  it('fails for unsatisfied dependencies under CHECK_DEPS only, because the solver ignores them', async ({
    lab,
    compose,
  }) => {
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

describe('A compose of builds', { timeout: 60_000 }, () => {
  it('has the packages of the builds, and none of a tag', async ({ lab, compose }) => {
    const done = await compose({ source: { build: { builds: ['greet-0.9-1', 'cowsay-3.04-7'] } } });
    expect(done).toMatchObject({ state: 'DONE', failure: null });
    expect(binaryNames(done)).toEqual(['cowsay', 'greet']);
    const { configuration, arguments: args } = await lab.inputOf(done.pungiComposeId);
    expect(configuration).toMatchObject({
      pkgset_koji_tag: [''],
      pkgset_koji_builds: ['greet-0.9-1', 'cowsay-3.04-7'],
      pkgset_koji_inherit: false,
    });
    expect(args.filter((arg) => arg.startsWith('--koji-event'))).toEqual([]);
  });

  it('can consist of scratch builds', async ({ lab, compose }) => {
    const task = String(lab.koji.addTask());
    await lab.addPungiTasks({ [task]: ['greet-0.9-1'] });
    const done = await compose({ source: { build: { builds: [], scratchBuildTasks: [task] } } });
    expect(done).toMatchObject({ state: 'DONE' });
    expect(binaryNames(done)).toEqual(['greet']);
  });

  it('has the packages that are signed with the requested key', async ({ lab, compose }) => {
    const done = await compose({
      source: { build: { builds: ['hello-2.12-1'], packages: ['libhello'] } },
      sigkeys: ['abcdef12'],
    });
    expect(done).toMatchObject({ state: 'DONE' });
    expect((await lab.inputOf(done.pungiComposeId)).configuration).toMatchObject({ sigkeys: ['abcdef12'] });
  });
});

describe('A compose of modules', { timeout: 60_000 }, () => {
  it('has the latest version in all contexts and the dependencies, with full names', async ({ lab, compose }) => {
    const done = await compose({ source: { module: { modules: ['greeter:1'] } } });
    expect(done).toMatchObject({
      state: 'DONE',
      failure: null,
      source: {
        modules: ['greeter:1'],
        resolvedModules: ['greeter:1:20260101000000:aa', 'speech:2:20260102000000:bb'],
      },
    });
    expect(binaryNames(done)).toEqual(['cowsay', 'greet']);
    const { configuration, variants, comps } = await lab.inputOf(done.pungiComposeId);
    expect(configuration).toMatchObject({ gather_method: 'nodeps', pkgset_source: 'koji' });
    expect(configuration).not.toHaveProperty('pkgset_koji_tag');
    expect(configuration).not.toHaveProperty('additional_packages');
    expect(variants).toContain(
      '<modules><module>greeter:1:20260101000000:aa</module><module>speech:2:20260102000000:bb</module></modules>',
    );
    expect(comps).toBeNull();
  });

  it('has no dependencies under NO_DEPS, and an older version if the request names it', async ({ lab, compose }) => {
    await lab.addPungiModules({ 'speech:2:20260101000000:old': ['cowsay-3.04-7'] });
    const done = await compose({ source: { module: { modules: ['speech:2:20260101000000'] } }, flags: ['NO_DEPS'] });
    expect(done).toMatchObject({ state: 'DONE', source: { resolvedModules: ['speech:2:20260101000000:old'] } });
  });

  it('has the modules that are tagged in the requested modular tags', async ({ lab, compose }) => {
    lab.koji.addTag('side');
    lab.koji.addModule('side', 'greeter:1:20270101000000:cc', PLAIN_MODULEMD);
    await lab.addPungiModules({ 'greeter:1:20270101000000:cc': ['greet-0.9-1'] });
    const done = await compose({ source: { module: { modules: ['greeter:1'], modularTags: ['side'] } } });
    expect(done).toMatchObject({ state: 'DONE', source: { resolvedModules: ['greeter:1:20270101000000:cc'] } });
    const all = await compose({ source: { module: { modularTags: ['side'] } } });
    expect(all).toMatchObject({ state: 'DONE', source: { resolvedModules: ['greeter:1:20270101000000:cc'] } });
  });

  it('is generated again with the same modules after newer ones were built, and keeps its request', async ({
    lab,
    compose,
  }) => {
    lab.koji.addTag('f43-moving');
    lab.koji.addModule('f43-moving', 'moving:1:20260101000000:aa', PLAIN_MODULEMD.replace('greeter', 'moving'));
    await lab.addPungiModules({ 'moving:1:20260101000000:aa': ['greet-0.9-1'] });
    const first = await compose({ source: { module: { modules: ['moving:1'], modularTags: ['f43-moving'] } } });
    lab.koji.addModule('f43-moving', 'moving:1:20270101000000:aa', PLAIN_MODULEMD.replace('greeter', 'moving'));
    expect(await lab.service.renewed({ id: first.id, sigkeys: [''] }, FIELDS)).toMatchObject({
      state: 'DONE',
      source: { modules: ['moving:1'], resolvedModules: ['moving:1:20260101000000:aa'] },
    });
  });

  it('is reused by a request for the same modules with full names', async ({ lab, compose }) => {
    buildModule(lab, 'f43-modular', 'lonely:1:20260101000000:aa');
    await lab.addPungiModules({ 'lonely:1:20260101000000:aa': ['greet-0.9-1'] });
    const first = await compose({ source: { module: { modules: ['lonely:1'] } } });
    const exact = ['lonely:1:20260101000000:aa'];
    expect(await compose({ source: { module: { modules: exact } } })).toMatchObject({
      state: 'DONE',
      reuses: { id: first.id },
      source: { modules: exact, resolvedModules: exact },
    });
  });

  it('can have scratch modules, which Pungi gets from MBS', async ({ lab, compose }) => {
    buildModule(lab, 'f43-modular', 'trial:1:20260101000000:aa+1', undefined, { state: 3 });
    const done = await compose({
      source: { module: { modules: ['speech:2'], scratchModules: ['trial:1:20260101000000:aa+1'] } },
    });
    expect(done).toMatchObject({
      state: 'DONE',
      source: { resolvedModules: ['speech:2:20260102000000:bb', 'trial:1:20260101000000:aa+1'] },
    });
    expect((await lab.inputOf(done.pungiComposeId)).configuration).toMatchObject({
      pkgset_scratch_modules: { '^Temporary$': ['trial:1:20260101000000:aa+1'] },
      mbs_api_url: `${lab.mbs.apiUrl}/2`,
    });
  });
});

describe('Two composes of a tag', { timeout: 60_000 }, () => {
  it('share a result if only other tags have changed', async ({ lab, compose }) => {
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

  it('share no result if a parent of the tag has changed', async ({ lab, compose }) => {
    const first = await compose({ source: { tag: { tag: 'f43', packages: ['greet'] } } });
    lab.koji.addBuild('fresh-1-1', { rpms: [{ arch: 'src' }, { arch: 'x86_64' }] });
    lab.koji.tagBuild('f43-base', 'fresh-1-1');
    const second = await compose({ source: { tag: { tag: 'f43', packages: ['greet'] } } });
    expect(second).toMatchObject({ state: 'DONE', reuses: null });
    expect(second.source.kojiEvent).toBeGreaterThan(first.source.kojiEvent ?? 0);
    // A request for the older event gets the packages of that event.
    const third = await compose({
      source: { tag: { tag: 'f43', packages: ['greet'], kojiEvent: first.source.kojiEvent } },
    });
    expect(third.source.kojiEvent).toBe(first.source.kojiEvent);
    expect(third.reuses).not.toEqual({ id: second.id });
  });

  it('share no result if only one has NO_INHERITANCE', async ({ compose }) => {
    await compose({ source: { tag: { tag: 'f43-base', packages: ['greet'] } } });
    const second = await compose({
      source: { tag: { tag: 'f43-base', packages: ['greet'] } },
      flags: ['NO_INHERITANCE'],
    });
    expect(second.reuses).toBeNull();
  });
});

describe('Two composes of modules', { timeout: 60_000 }, () => {
  it('share a result until a dependency has a new version', async ({ lab, compose }) => {
    const first = await compose({ source: { module: { modules: ['greeter:1'] } } });
    expect(await compose({ source: { module: { modules: ['greeter:1'] } } })).toMatchObject({
      reuses: { id: first.reuses?.id ?? first.id },
    });
    buildModule(lab, 'f43-modular', 'speech:2:20280101000000:dd');
    await lab.addPungiModules({ 'speech:2:20280101000000:dd': ['cowsay-3.04-7'] });
    expect(await compose({ source: { module: { modules: ['greeter:1'] } } })).toMatchObject({
      state: 'DONE',
      reuses: null,
    });
  });
});
