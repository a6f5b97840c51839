// Composes of raw configurations by the whole service: git over HTTP, the wrapper, Pungi's tools and the latest links.

import { lstat, readFile, readdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRepository } from '../../src/demo/sample-repository.ts';
import { startGitServer, type GitRepository, type GitServer } from '../support/git-repositories.ts';
import { HOSTILE_VALUES } from '../support/hostile-values.ts';
import { temporaryDirectory } from '../support/repo-source.ts';
import { namesAll } from '../support/names-all.ts';
import { startRunningService, type RunningService } from '../support/running-service.ts';

const ENDED = `id state stateReason attempt reuses { id } pungiComposeId pungiConfigDump toplevelUrl repofile resultRepo resultRepofile respinOf
  failure { code message retryable details } source { ... on RawConfigSource { name commit resolvedCommit kojiEvent builds modules } } packages { nodes { nevra } }`;
const VARIANTS =
  '<?xml version="1.0"?>\n<variants><variant id="Temporary" name="Temporary" type="variant"><arches><arch>x86_64</arch></arches></variant></variants>\n';
const WRAPPER = `from pungi import *
{{#compose.builds.length}}
pkgset_koji_builds = {{compose.builds}}
{{/compose.builds.length}}
koji_profile = {{compose.label}}
translate_paths = [{{compose.composeType}}, {{compose.modules}}, {{compose.kojiEvent}}]
`;

let directory: string;
let packages: string;
let git: GitServer;
let repository: GitRepository;
let first: string;
let service: RunningService;

function configuration(more: Readonly<Record<string, string>> = {}): string {
  const options = {
    release_name: '"Raw Product"',
    release_short: '"Raw"',
    release_version: '"1.0"',
    variants_file: '"variants.xml"',
    pkgset_source: '"repos"',
    pkgset_repos: JSON.stringify({ x86_64: [packages] }),
    gather_method: '"deps"',
    ...more,
  };
  return Object.entries(options)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}

beforeAll(async () => {
  directory = temporaryDirectory();
  packages = join(directory, 'packages');
  await makeRepository(packages, [{ name: 'hello', noarch: true }]);
  await writeFile(join(packages, 'fake-pungi.json'), JSON.stringify({ keep: join(directory, 'kept') }));
  const wrapper = join(directory, 'wrapper.conf');
  await writeFile(wrapper, WRAPPER);
  git = await startGitServer();
  repository = await git.repository('configs');
  first = await repository.commit({
    'pungi.conf': configuration(),
    'variants.xml': VARIANTS,
    'below/pungi.conf': configuration({ release_short: '"Below"' }),
    'below/variants.xml': VARIANTS,
    'lenient.json': '{"not_required": ["release_name"]}',
  });
  const url = git.urlOf(repository);
  service = await startRunningService({
    ODCS_ENGINE: 'pungi',
    ODCS_RAW_CONFIGS: JSON.stringify({
      plain: { url, configFile: 'pungi.conf' },
      wrapped: { url, configFile: 'pungi.conf', wrapper },
      below: { url, path: 'below', configFile: 'pungi.conf' },
      fixed: { url, configFile: 'pungi.conf', commit: first },
      lenient: {
        url,
        configFile: 'pungi.conf',
        schemaOverride: 'lenient.json',
        arguments: ['--old-composes=/nowhere'],
      },
      hasty: { url, configFile: 'pungi.conf', timeoutSeconds: 1 },
      broken: { url, configFile: 'pungi.conf', wrapper: join(directory, 'broken.conf') },
      unreachable: { url: 'http://127.0.0.1:1/configs.git', configFile: 'pungi.conf' },
    }),
  });
  await writeFile(join(directory, 'broken.conf'), 'label = {{{compose.label}}}\n');
});
afterAll(async () => {
  await service.stop();
  await git.close();
});

async function rawCompose(source: object, more: object = {}) {
  return service.ended(
    await service.request({ source: { rawConfig: { name: 'plain', commit: 'main', ...source } }, ...more }),
    ENDED,
  );
}

async function given(compose: Record<string, unknown>, file: string): Promise<string> {
  return readFile(join(directory, 'kept', String(compose['pungiComposeId']), file), 'utf8');
}

describe('A compose of a raw configuration', { timeout: 120_000 }, () => {
  it('is made by Pungi of the files at the commit, with the release of the configuration', async () => {
    const compose = await rawCompose({ kojiEvent: 77 });
    expect(compose).toMatchObject({
      state: 'DONE',
      failure: null,
      source: { name: 'plain', commit: 'main', resolvedCommit: first, kojiEvent: 77 },
      pungiComposeId: expect.stringMatching(/^Raw-1\.0-\d{8}\.t\.\d+$/),
      pungiConfigDump: null,
      repofile: null,
      resultRepo: null,
      resultRepofile: null,
      toplevelUrl: `${service.url}/composes/odcs-${compose['id']}`,
    });
    expect((compose['packages'] as { nodes: { nevra: string }[] }).nodes.map(({ nevra }) => nevra)).toContain(
      'hello-0:1.0-1.noarch',
    );
    expect(JSON.parse(await given(compose, 'arguments.json'))).toContain('--koji-event=77');
    const info = JSON.parse(
      await readFile(join(service.targetDir, `odcs-${compose['id']}`, 'compose/metadata/composeinfo.json'), 'utf8'),
    ) as { payload: { compose: object; release: object } };
    expect(info.payload).toMatchObject({
      compose: { id: compose['pungiComposeId'] },
      release: { name: 'Raw Product', short: 'Raw', version: '1.0' },
    });
    expect(await readdir(join(service.targetDir, `odcs-${compose['id']}`, 'logs/global'))).not.toContain(
      'config-dump.global.log',
    );
  });

  it('uses the configured directory, commit, schema and arguments', async () => {
    expect(await rawCompose({ name: 'below' })).toMatchObject({
      state: 'DONE',
      pungiComposeId: expect.stringMatching(/^Below-1\.0-/),
    });
    const second = await repository.commit({ 'pungi.conf': configuration({ release_name: '' }) });
    expect(await rawCompose({ name: 'fixed', commit: 'main' })).toMatchObject({
      state: 'DONE',
      source: { commit: 'main', resolvedCommit: first },
    });
    expect(await rawCompose({ commit: second })).toMatchObject({
      state: 'FAILED',
      failure: { code: 'INVALID_SOURCE', message: expect.stringContaining("'release_name' is a required property") },
    });
    expect(await rawCompose({ name: 'lenient', commit: second })).toMatchObject({
      failure: { code: 'INVALID_SOURCE', message: namesAll('release_name') },
    });
    await repository.commit({ 'pungi.conf': configuration() });
    const compose = await rawCompose({ name: 'lenient' });
    expect(JSON.parse(await given(compose, 'arguments.json'))).toContain('--old-composes=/nowhere');
  });

  it('has a wrapper that is rendered with literals', async () => {
    const compose = await rawCompose(
      { name: 'wrapped', builds: ['bash-5.2^git1-1.fc40'], modules: ['a:b'] },
      { label: 'RC-1.0' },
    );
    expect(compose).toMatchObject({ state: 'DONE', failure: null });
    const [, ...lines] = (await given(compose, 'odcs-wrapper.conf')).trimEnd().split('\n');
    expect(lines).toEqual([
      'pkgset_koji_builds = ["bash-5.2^git1-1.fc40"]',
      'koji_profile = "RC-1.0"',
      'translate_paths = ["test", ["a:b"], None]',
    ]);
  });

  it('stores the dump of its configuration for PRODUCTION and DEVELOPMENT', async () => {
    const compose = await rawCompose({}, { composeType: 'DEVELOPMENT' });
    expect(JSON.parse(compose['pungiConfigDump'] as string)).toMatchObject({
      release_short: 'Raw',
      pkgset_repos: { x86_64: [packages] },
    });
    await repository.commit({ 'pungi.conf': configuration({ release_name: '"Changed"' }) });
    const { data, errors } = await service.query(
      'mutation ($id: ID!) { renewCompose(input: { id: $id, sigkeys: ["abcd1234"] }) { regenerated compose { id } } }',
      { id: compose['id'] },
    );
    expect(errors).toBeUndefined();
    if (!data) throw new Error('renewCompose was not answered');
    const again = await service.ended((data['renewCompose'] as { compose: { id: string } }).compose.id, ENDED);
    await repository.commit({ 'pungi.conf': configuration() });
    expect(again).toMatchObject({
      state: 'DONE',
      failure: null,
      respinOf: compose['pungiComposeId'],
      source: { resolvedCommit: (compose['source'] as { resolvedCommit: string }).resolvedCommit },
    });
    expect(JSON.parse(await given(again, 'odcs-dump.json'))).toEqual(JSON.parse(compose['pungiConfigDump'] as string));
  });

  it('has a link by its id and, while it is the latest, links that are replaced later', async () => {
    const at = (name: string) => join(service.targetDir, 'production', name);
    const one = await rawCompose({}, { composeType: 'PRODUCTION', label: 'RC-1.0' });
    const leads = `../odcs-${one['id']}`;
    expect(await readlink(at(String(one['pungiComposeId'])))).toBe(leads);
    // Updated after it is DONE.
    for (const latest of ['latest-Raw-1.0', 'latest-Raw-1.0-RC-1.0'])
      await expect.poll(() => readlink(at(latest)).catch(() => null)).toBe(leads);
    const remove = (id: unknown) =>
      service.query('mutation ($id: ID!) { removeCompose(input: { id: $id }) { compose { state } } }', { id });
    expect((await remove(one['id'])).errors?.[0]?.extensions.code).toBe('CONFLICT');
    const two = await rawCompose({}, { composeType: 'PRODUCTION', label: 'RC-1.0' });
    expect(two['pungiComposeId']).toBe(String(one['pungiComposeId']).replace(/0$/, '1'));
    await expect.poll(() => readlink(at('latest-Raw-1.0-RC-1.0'))).toBe(`../odcs-${two['id']}`);
    expect((await fetch(`${service.url}/composes/production/latest-Raw-1.0/compose/metadata/rpms.json`)).status).toBe(
      200,
    );
    expect((await remove(one['id'])).data).toEqual({ removeCompose: { compose: { state: 'REMOVED' } } });
    await expect(lstat(at(String(one['pungiComposeId'])))).rejects.toThrow('ENOENT');
    expect(new Set(await readdir(join(service.targetDir, 'production')))).toEqual(
      new Set([two['pungiComposeId'], 'latest-Raw-1.0', 'latest-Raw-1.0-RC-1.0']),
    );
  });

  it('is reused only if commit, wrapper and event are equal', async () => {
    const ask = { name: 'wrapped', kojiEvent: 4242, builds: ['a-1-1'] };
    const root = await rawCompose(ask);
    expect(await rawCompose(ask)).toMatchObject({ state: 'DONE', attempt: 0, reuses: { id: root['id'] } });
    expect(await rawCompose({ ...ask, kojiEvent: 4243 })).toMatchObject({ reuses: null });
    expect(await rawCompose({ ...ask, builds: ['a-2-1'] })).toMatchObject({ reuses: null });
    await repository.commit({ README: 'changed' });
    expect(await rawCompose(ask)).toMatchObject({ reuses: null });
    expect([(await rawCompose({}))['reuses'], (await rawCompose({}))['reuses']]).toEqual([null, null]);
  });

  it('is listed by `about` and `viewer`', async () => {
    const { data } = await service.query(
      '{ about { rawConfigs { name url commit } engines { name sourceTypes } } viewer { may { rawConfigs } } }',
    );
    const { about, viewer } = data as {
      about: { rawConfigs: { name: string }[]; engines: { name: string; sourceTypes: string[] }[] };
      viewer: { may: { rawConfigs: string[] } };
    };
    expect(about.rawConfigs.find(({ name }) => name === 'fixed')).toEqual({
      name: 'fixed',
      url: git.urlOf(repository),
      commit: first,
    });
    expect(viewer.may.rawConfigs).toEqual(about.rawConfigs.map(({ name }) => name));
    expect(about.engines.find(({ name }) => name === 'pungi')?.sourceTypes).toContain('RAW_CONFIG');
  });
});

describe('A raw configuration that cannot be composed', { timeout: 120_000 }, () => {
  it('fails with the reason', async () => {
    const cases: [object, object][] = [
      [{ commit: 'nowhere' }, { code: 'INVALID_SOURCE', message: namesAll('nowhere') }],
      [{ commit: 'f'.repeat(40) }, { code: 'INVALID_SOURCE', message: namesAll('f'.repeat(40)) }],
      [
        { name: 'unreachable' },
        { code: 'UPSTREAM_UNAVAILABLE', message: namesAll('http://127.0.0.1:1/configs.git'), retryable: true },
      ],
      [{ name: 'broken' }, { code: 'ENGINE_FAILED', message: expect.stringContaining('unescaped') }],
    ];
    for (const [source, failure] of cases) expect(await rawCompose(source)).toMatchObject({ state: 'FAILED', failure });
  });

  it('fails with what pungi-config-validate says, without paths of the server', async () => {
    const commits = {
      'is not valid: WARNING: Unrecognized config option: unknown_thing': {
        'pungi.conf': configuration({ unknown_thing: '1' }),
      },
      "is not valid: [Errno 2] No such file or directory: 'nothing.xml'": {
        'pungi.conf': configuration({ variants_file: '"nothing.xml"' }),
      },
      'release_short: must begin': { 'pungi.conf': configuration({ release_short: '"../../evil"' }) },
      'invalid syntax': { 'pungi.conf': 'import os\n' },
    };
    for (const [message, files] of Object.entries(commits)) {
      const commit = await repository.commit(files);
      const compose = await rawCompose({ commit });
      expect(compose).toMatchObject({
        state: 'FAILED',
        failure: { code: 'INVALID_SOURCE', message: expect.stringContaining(message) },
      });
      expect(JSON.stringify(compose['failure'])).not.toContain(service.directory);
    }
    await repository.git('rm', '--quiet', 'pungi.conf');
    await repository.git('commit', '--quiet', '-m', 'Gone');
    expect(await rawCompose({})).toMatchObject({
      failure: { code: 'INVALID_SOURCE', message: namesAll('pungi.conf') },
    });
    await repository.commit({ 'pungi.conf': configuration() });
  });

  it('has its own time limit', async () => {
    await writeFile(join(packages, 'fake-pungi.json'), JSON.stringify({ hang: 'GATHER' }));
    const compose = await rawCompose({ name: 'hasty' });
    await writeFile(join(packages, 'fake-pungi.json'), JSON.stringify({ keep: join(directory, 'kept') }));
    expect(compose).toMatchObject({ state: 'FAILED', failure: { code: 'TIMED_OUT' } });
  });

  it('is refused if it is not configured', async () => {
    expect(
      (await service.refused({ source: { rawConfig: { name: 'nothing', commit: 'main' } } })).extensions.fields?.[0],
    ).toMatchObject({ path: 'input.source.rawConfig.name' });
    const without = await startRunningService({ ODCS_ENGINE: 'pungi' });
    const problem = await without.refused({ source: { rawConfig: { name: 'plain', commit: 'main' } } });
    await without.stop();
    expect(problem.extensions.fields?.[0]?.message).toContain('ODCS_RAW_CONFIGS');
  });

  it('never runs a value of a request as code', async () => {
    for (const value of HOSTILE_VALUES) {
      for (const source of [{ name: value }, { commit: value }, { builds: [value] }, { modules: [value] }]) {
        const { data, errors } = await service.query(
          'mutation ($input: CreateComposeInput!) { createCompose(input: $input) { compose { id } } }',
          { input: { source: { rawConfig: { name: 'wrapped', commit: 'main', ...source } } } },
        );
        if (!data) {
          expect(errors?.[0]?.extensions.code, `${Object.keys(source)} ${value.slice(0, 40)}`).toBe('BAD_USER_INPUT');
          continue;
        }
        const compose = await service.ended((data['createCompose'] as { compose: { id: string } }).compose.id, ENDED);
        if (compose['state'] === 'FAILED') expect(compose['failure'], value).toMatchObject({ code: 'INVALID_SOURCE' });
        else
          expect(
            (await given(compose, 'odcs-wrapper.conf'))
              .trimEnd()
              .split('\n')
              .every((line) => /^(from pungi import \*|\w+ = [\x20-\x7e]*)$/.test(line)),
            value,
          ).toBe(true);
      }
    }
  });
});
