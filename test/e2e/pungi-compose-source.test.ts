// Composes of a published Pungi compose. Their packages come from Koji.

import { describe, expect } from 'vitest';
import { binaryNames, ENDED_FIELDS, type EndedCompose } from '../support/ended-compose.ts';
import { kojiTest } from '../support/fixtures.ts';
import { HOSTILE_VALUES } from '../support/hostile-values.ts';
import { buildSamples } from '../support/koji-lab.ts';
import { namesAll } from '../support/names-all.ts';
import { startPublishedCompose } from '../support/published-compose.ts';
import { startRunningService } from '../support/running-service.ts';

const FIELDS = `${ENDED_FIELDS} source { ... on PungiComposeSource { url packages builds } }`;

interface Ended extends EndedCompose {
  readonly source: object;
}

const it = kojiTest
  .extend('lab', { scope: 'file' }, ({ emptyLab: lab }) => {
    lab.koji.addTag('f43');
    buildSamples(lab.koji, 'f43', { cowsay: ['abcdef12'], greet: ['abcdef12'] });
    return lab;
  })
  .extend('published', { scope: 'file' }, async ({}, { onCleanup }) => {
    const rpms = {
      'cowsay-0:3.04-7.src': [{ nevra: 'cowsay-0:3.04-7.noarch', sigkey: null }],
      'greet-0:0.9-1.src': [{ nevra: 'greet-0:0.9-1.x86_64', sigkey: null }],
    };
    const published = await startPublishedCompose({
      Everything: { x86_64: rpms, riscv64: rpms },
      Signed: { x86_64: { 'cowsay-0:3.04-7.src': [{ nevra: 'cowsay-0:3.04-7.noarch', sigkey: 'abcdef12' }] } },
      Elsewhere: { s390x: rpms },
      Unknown: { x86_64: { 'nothing-0:1-1.src': [{ nevra: 'nothing-0:1-1.noarch' }] } },
    });
    onCleanup(() => published.close());
    return published;
  })
  .extend(
    'composeOf',
    { scope: 'file' },
    ({ lab }) =>
      (url: string) =>
        lab.service.composed<Ended>({ source: { pungiCompose: { url } } }, FIELDS),
  );

describe('A compose of a published Pungi compose', { timeout: 120_000 }, () => {
  it('has the same packages from the same builds, for the arches that the service has', async ({
    lab,
    published,
    composeOf,
  }) => {
    const compose = await composeOf(published.urlOf('Everything'));
    expect(compose).toMatchObject({
      state: 'DONE',
      failure: null,
      arches: ['x86_64'],
      sigkeys: [''],
      source: {
        url: published.urlOf('Everything'),
        packages: ['cowsay', 'greet'],
        builds: ['cowsay-3.04-7', 'greet-0.9-1'],
      },
    });
    expect(binaryNames(compose)).toEqual(['cowsay', 'greet']);
    const { configuration, comps } = await lab.inputOf(compose.pungiComposeId);
    expect(configuration).toMatchObject({
      pkgset_source: 'koji',
      pkgset_koji_builds: ['cowsay-3.04-7', 'greet-0.9-1'],
      sigkeys: [null],
    });
    expect(comps).toContain('<packagereq>greet</packagereq>');
  });

  it('has the same sigkeys, and is reused by the next request for it', async ({ published, composeOf }) => {
    const compose = await composeOf(published.urlOf('Signed'));
    expect(compose).toMatchObject({ state: 'DONE', sigkeys: ['abcdef12'] });
    expect(await composeOf(published.urlOf('Signed'))).toMatchObject({
      state: 'DONE',
      reuses: { id: compose.id },
      sigkeys: ['abcdef12'],
      arches: ['x86_64'],
    });
  });

  it('is generated again without the published compose', async ({ lab, composeOf }) => {
    const passing = await startPublishedCompose({
      Everything: { x86_64: { 'greet-0:0.9-1.src': [{ nevra: 'greet-0:0.9-1.x86_64', sigkey: null }] } },
    });
    const first = await composeOf(passing.urlOf('Everything'));
    await passing.close();
    expect(await lab.service.renewed({ id: first.id, sigkeys: [] }, FIELDS)).toMatchObject({
      state: 'DONE',
      failure: null,
      reuses: null,
      arches: ['x86_64'],
      source: first.source,
    });
  });

  it.for([
    ['an unknown variant', 'Nothing', 'Nothing'],
    ['a variant without an arch of the service', 'Elsewhere', 's390x'],
    ['a variant whose builds Koji does not have', 'Unknown', 'nothing-1-1'],
  ] as const)('fails with INVALID_SOURCE for %s', async ([, variant, name], { published, composeOf }) => {
    expect(await composeOf(published.urlOf(variant))).toMatchObject({
      state: 'FAILED',
      failure: { code: 'INVALID_SOURCE', message: namesAll(name) },
    });
  });

  it('fails with INVALID_SOURCE if the published compose does not exist', async ({ published, composeOf }) => {
    expect(await composeOf(`${published.url}/composes/none/compose/Everything`)).toMatchObject({
      state: 'FAILED',
      failure: { code: 'INVALID_SOURCE' },
    });
  });

  it('fails with UPSTREAM_UNAVAILABLE if the server cannot be reached', async ({ composeOf }) => {
    expect(await composeOf('http://127.0.0.1:1/compose/Everything')).toMatchObject({
      state: 'FAILED',
      failure: { code: 'UPSTREAM_UNAVAILABLE', retryable: true },
    });
  });

  it('is refused for anything but an HTTP URL', async ({ lab }) => {
    for (const url of ['/srv/compose/Everything', 'ftp://example.com/compose/Everything', ...HOSTILE_VALUES]) {
      expect((await lab.service.refused({ source: { pungiCompose: { url } } })).extensions.code, url.slice(0, 40)).toBe(
        'BAD_USER_INPUT',
      );
    }
  });

  it('is refused if the service has no Koji', async ({ published }) => {
    const without = await startRunningService({ ODCS_ENGINE: 'pungi' });
    const problem = await without.refused({ source: { pungiCompose: { url: published.urlOf('Everything') } } });
    await without.stop();
    expect(problem.extensions.fields?.[0]?.path).toBe('input.source.pungiCompose');
  });
});
