// Raw configurations that take their packages from Koji, through GraphQL.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGitServer, type GitRepository, type GitServer } from '../support/git-repositories.ts';
import { buildSamples, startKojiLab, type KojiLab } from '../support/koji-lab.ts';

const ENDED = `id state attempt reuses { id } pungiComposeId pungiConfigDump respinOf failure { code message }
  source { ... on RawConfigSource { name commit resolvedCommit kojiEvent } }`;
const CONFIGURATION = `release_name = "Raw"
release_short = "Raw"
release_version = "1"
variants_file = "variants.xml"
pkgset_source = "koji"
pkgset_koji_tag = "f43"
koji_profile = "fake"
gather_method = "deps"
`;
const VARIANTS =
  '<?xml version="1.0"?>\n<variants><variant id="Temporary" name="Temporary" type="variant"><arches><arch>x86_64</arch></arches></variant></variants>\n';

let directory: string;
let git: GitServer;
let repository: GitRepository;
let commit: string;
let lab: KojiLab;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'odcs-raw-koji-'));
  git = await startGitServer();
  repository = await git.repository('configs');
  const files = {
    'pungi.conf': CONFIGURATION,
    'other.conf': CONFIGURATION.replace('"fake"', '"other"'),
    'variants.xml': VARIANTS,
  };
  commit = await repository.commit(files);
  const url = git.urlOf(repository);
  lab = await startKojiLab(directory, {
    ODCS_RAW_CONFIGS: JSON.stringify({
      ours: { url, configFile: 'pungi.conf' },
      other: { url, configFile: 'other.conf' },
    }),
  });
  lab.koji.addTag('f43');
  buildSamples(lab.koji, 'f43');
}, 120_000);
afterAll(async () => {
  await lab?.stop();
  await git?.close();
  await rm(directory, { recursive: true, force: true });
});

async function compose(rawConfig: object, more: object = {}) {
  const { service } = lab;
  return (await service.ended(
    await service.request({ source: { rawConfig: { name: 'ours', commit: 'main', ...rawConfig } }, ...more }),
    ENDED,
  )) as Record<string, unknown> & { source: { kojiEvent: number; resolvedCommit: string } };
}

it('finds the Koji that the service knows by its profile, and takes it as it is just now', async () => {
  const done = await compose({});
  expect(done).toMatchObject({
    state: 'DONE',
    failure: null,
    source: { commit: 'main', resolvedCommit: commit, kojiEvent: lab.koji.lastEvent },
  });
  const given = (name: string) => readFile(join(directory, 'kept', String(done['pungiComposeId']), name), 'utf8');
  expect(JSON.parse(await given('arguments.json'))).toContain(`--koji-event=${done.source.kojiEvent}`);
  expect(await given('koji/config')).toContain('[fake]');
});

it('made again, is of the same commit and event, and says still how it was asked for', async () => {
  const first = await compose({});
  const after = await repository.commit({ README: 'Changed' });
  lab.koji.addTag('later');
  const { data } = await lab.service.query(
    'mutation ($id: ID!) { renewCompose(input: { id: $id, sigkeys: ["abcd1234", ""] }) { compose { id } } }',
    { id: first['id'] },
  );
  const again = await lab.service.ended(
    (data as { renewCompose: { compose: { id: string } } }).renewCompose.compose.id,
    ENDED,
  );
  expect(again).toMatchObject({
    state: 'DONE',
    respinOf: first['pungiComposeId'],
    source: { commit: 'main', resolvedCommit: first.source.resolvedCommit, kojiEvent: first.source.kojiEvent },
  });
  expect(after).not.toBe(first.source.resolvedCommit);
});

it('is shared by whoever names the same commit, by branch or in full; each is told of as it was asked for', async () => {
  const { kojiEvent, resolvedCommit } = (await compose({})).source;
  const root = await compose({ kojiEvent }, { composeType: 'DEVELOPMENT' });
  const sharer = await compose({ commit: resolvedCommit, kojiEvent }, { composeType: 'DEVELOPMENT' });
  expect(root).toMatchObject({
    reuses: null,
    source: { commit: 'main' },
    pungiConfigDump: expect.stringContaining('"f43"'),
  });
  expect(sharer).toMatchObject({
    state: 'DONE',
    attempt: 0,
    reuses: { id: root['id'] },
    source: { commit: resolvedCommit, resolvedCommit, kojiEvent },
  });
  // What was generated is what both have.
  expect([sharer['pungiComposeId'], sharer['pungiConfigDump']]).toEqual([
    root['pungiComposeId'],
    root['pungiConfigDump'],
  ]);
});

it('has no event of our Koji where its packages come from another', async () => {
  const done = await compose({ name: 'other' });
  expect(done).toMatchObject({ state: 'FAILED', failure: { code: 'ENGINE_FAILED' }, source: { kojiEvent: null } });
});
