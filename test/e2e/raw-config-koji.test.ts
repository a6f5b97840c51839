// Raw configurations that take their packages from Koji.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { ENDED_FIELDS, type EndedCompose } from '../support/ended-compose.ts';
import { kojiTest } from '../support/fixtures.ts';
import { startGitServer } from '../support/git-repositories.ts';
import { buildSamples } from '../support/koji-lab.ts';

const FIELDS = `${ENDED_FIELDS} pungiConfigDump source { ... on RawConfigSource { name commit resolvedCommit kojiEvent } }`;
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

interface Ended extends EndedCompose {
  readonly pungiConfigDump: string | null;
  readonly source: {
    readonly commit: string;
    readonly resolvedCommit: string;
    readonly kojiEvent: number | null;
  };
}

const it = kojiTest
  .extend('git', { scope: 'file' }, async ({}, { onCleanup }) => {
    const git = await startGitServer();
    onCleanup(() => git.close());
    return git;
  })
  .extend('repository', { scope: 'file' }, async ({ git }) => {
    const repository = await git.repository('configs');
    const commit = await repository.commit({
      'pungi.conf': CONFIGURATION,
      'other.conf': CONFIGURATION.replace('"fake"', '"other"'),
      'variants.xml': VARIANTS,
    });
    return { ...repository, url: git.urlOf(repository), firstCommit: commit };
  })
  .extend('settings', { scope: 'file' }, ({ repository: { url } }) => ({
    ODCS_RAW_CONFIGS: JSON.stringify({
      ours: { url, configFile: 'pungi.conf' },
      other: { url, configFile: 'other.conf' },
    }),
  }))
  .extend('lab', { scope: 'file' }, ({ emptyLab: lab }) => {
    lab.koji.addTag('f43');
    buildSamples(lab.koji, 'f43');
    return lab;
  })
  .extend('compose', { scope: 'file' }, ({ lab }) => (rawConfig: object, more: object = {}) => {
    const source = { rawConfig: { name: 'ours', commit: 'main', ...rawConfig } };
    return lab.service.composed<Ended>({ source, ...more }, FIELDS);
  });

describe('A compose of a raw configuration with packages of Koji', { timeout: 60_000 }, () => {
  it('uses the Koji whose profile the configuration names, at its newest event', async ({
    lab,
    repository,
    compose,
  }) => {
    const done = await compose({});
    expect(done).toMatchObject({
      state: 'DONE',
      failure: null,
      source: { commit: 'main', resolvedCommit: repository.firstCommit, kojiEvent: lab.koji.lastEvent },
    });
    const input = (name: string) => readFile(join(lab.inputDirectory(done.pungiComposeId), name), 'utf8');
    expect(JSON.parse(await input('arguments.json'))).toContain(`--koji-event=${done.source.kojiEvent}`);
    expect(await input('koji/config')).toContain('[fake]');
  });

  it('is generated again with the same commit and event, and keeps its request', async ({
    lab,
    repository,
    compose,
  }) => {
    const first = await compose({});
    const newerCommit = await repository.commit({ README: 'Changed' });
    lab.koji.addTag('later');
    expect(await lab.service.renewed({ id: first.id, sigkeys: ['abcd1234', ''] }, FIELDS)).toMatchObject({
      state: 'DONE',
      respinOf: first.pungiComposeId,
      source: { commit: 'main', resolvedCommit: first.source.resolvedCommit, kojiEvent: first.source.kojiEvent },
    });
    expect(newerCommit).not.toBe(first.source.resolvedCommit);
  });

  it('is reused by a request for the same commit, whether by branch or by hash', async ({ compose }) => {
    const { kojiEvent, resolvedCommit } = (await compose({})).source;
    const reused = await compose({ kojiEvent }, { composeType: 'DEVELOPMENT' });
    const reuser = await compose({ commit: resolvedCommit, kojiEvent }, { composeType: 'DEVELOPMENT' });
    expect(reused).toMatchObject({
      reuses: null,
      source: { commit: 'main' },
      pungiConfigDump: expect.stringContaining('"f43"') as string,
    });
    expect(reuser).toMatchObject({
      state: 'DONE',
      attempt: 0,
      reuses: { id: reused.id },
      source: { commit: resolvedCommit, resolvedCommit, kojiEvent },
      pungiComposeId: reused.pungiComposeId,
      pungiConfigDump: reused.pungiConfigDump,
    });
  });

  it('has no event of our Koji if its packages come from another one', async ({ compose }) => {
    const done = await compose({ name: 'other' });
    expect(done).toMatchObject({ state: 'FAILED', failure: { code: 'ENGINE_FAILED' }, source: { kojiEvent: null } });
  });
});
