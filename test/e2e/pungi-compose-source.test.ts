// Composes of what a published Pungi compose holds, through GraphQL, taken from Koji once more.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOSTILE_VALUES } from '../support/hostile-values.ts';
import { buildSamples, startKojiLab, type KojiLab } from '../support/koji-lab.ts';
import { startPublishedCompose, type PublishedCompose } from '../support/published-compose.ts';
import { startRunningService } from '../support/running-service.ts';
import { namesAll } from '../support/names-all.ts';

const ENDED = `id state arches sigkeys attempt reuses { id } pungiComposeId failure { code message retryable }
  packages { nodes { name arch } } source { ... on PungiComposeSource { url packages builds } }`;

let directory: string;
let lab: KojiLab;
let published: PublishedCompose;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'odcs-pungi-compose-'));
  lab = await startKojiLab(directory);
  lab.koji.addTag('f43');
  buildSamples(lab.koji, 'f43', { cowsay: ['abcdef12'], greet: ['abcdef12'] });
  const rpms = (sigkey: string | null) => ({
    'cowsay-0:3.04-7.src': [{ nevra: 'cowsay-0:3.04-7.noarch', sigkey }],
    'greet-0:0.9-1.src': [{ nevra: 'greet-0:0.9-1.x86_64', sigkey }],
  });
  published = await startPublishedCompose({
    Everything: { x86_64: rpms(null), riscv64: rpms(null) },
    Signed: { x86_64: { 'cowsay-0:3.04-7.src': [{ nevra: 'cowsay-0:3.04-7.noarch', sigkey: 'abcdef12' }] } },
    Elsewhere: { s390x: rpms(null) },
    Unknown: { x86_64: { 'nothing-0:1-1.src': [{ nevra: 'nothing-0:1-1.noarch' }] } },
  });
}, 120_000);
afterAll(async () => {
  await published?.close();
  await lab?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function composeOf(url: string, more: object = {}) {
  return lab.service.ended(await lab.service.request({ source: { pungiCompose: { url } }, ...more }), ENDED);
}

describe('a compose of a published one', { timeout: 120_000 }, () => {
  it('holds its packages, from its builds, for the arches that both have', async () => {
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
    const { nodes } = compose['packages'] as { nodes: { name: string; arch: string }[] };
    expect(
      nodes
        .filter(({ arch }) => arch !== 'src')
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['cowsay', 'greet']);
    const { configuration, comps } = await lab.saw(String(compose['pungiComposeId']));
    expect(configuration).toMatchObject({
      pkgset_source: 'koji',
      pkgset_koji_builds: ['cowsay-3.04-7', 'greet-0.9-1'],
      sigkeys: [null],
    });
    expect(comps).toContain('<packagereq>greet</packagereq>');
  });

  it('is signed as that is, and shared with the like', async () => {
    const compose = await composeOf(published.urlOf('Signed'));
    expect(compose).toMatchObject({ state: 'DONE', sigkeys: ['abcdef12'] });
    expect(await composeOf(published.urlOf('Signed'))).toMatchObject({
      state: 'DONE',
      reuses: { id: compose['id'] },
      sigkeys: ['abcdef12'],
      arches: ['x86_64'],
    });
  });

  it('made again needs the published one no more', async () => {
    const passing = await startPublishedCompose({
      Everything: { x86_64: { 'greet-0:0.9-1.src': [{ nevra: 'greet-0:0.9-1.x86_64', sigkey: null }] } },
    });
    const first = await composeOf(passing.urlOf('Everything'));
    await passing.close();
    const { data } = await lab.service.query(
      'mutation ($id: ID!) { renewCompose(input: { id: $id, sigkeys: [] }) { regenerated compose { id } } }',
      { id: first['id'] },
    );
    const again = await lab.service.ended(
      (data as { renewCompose: { compose: { id: string } } }).renewCompose.compose.id,
      ENDED,
    );
    expect(again).toMatchObject({
      state: 'DONE',
      failure: null,
      reuses: null,
      arches: ['x86_64'],
      source: first['source'],
    });
  });

  it('fails with the reason', async () => {
    const cases: [string, object][] = [
      [published.urlOf('Nothing'), { code: 'INVALID_SOURCE', message: namesAll('Nothing') }],
      [published.urlOf('Elsewhere'), { code: 'INVALID_SOURCE', message: namesAll('s390x') }],
      [published.urlOf('Unknown'), { code: 'INVALID_SOURCE', message: namesAll('nothing-1-1') }],
      [`${published.url}/composes/none/compose/Everything`, { code: 'INVALID_SOURCE' }],
      ['http://127.0.0.1:1/compose/Everything', { code: 'UPSTREAM_UNAVAILABLE', retryable: true }],
    ];
    for (const [url, failure] of cases) expect(await composeOf(url), url).toMatchObject({ state: 'FAILED', failure });
  });

  it('is refused where it cannot be meant, or no Koji is configured', async () => {
    for (const url of ['/srv/compose/Everything', 'ftp://example.com/compose/Everything', ...HOSTILE_VALUES]) {
      expect((await lab.service.refused({ source: { pungiCompose: { url } } })).extensions.code, url.slice(0, 40)).toBe(
        'BAD_USER_INPUT',
      );
    }
    const without = await startRunningService({ ODCS_ENGINE: 'pungi' });
    const problem = await without.refused({ source: { pungiCompose: { url: published.urlOf('Everything') } } });
    await without.stop();
    expect(problem.extensions.fields?.[0]?.path).toBe('input.source.pungiCompose');
  });
});
