// Composes of Pulp's content sets by the whole service, from the request to the .repo file.

import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRepository } from '../../src/demo/sample-repository.ts';
import { repository2, startFakePulp2, type FakePulp2 } from '../support/fake-pulp/pulp2.ts';
import { distribution, startFakePulp3, type FakePulp3 } from '../support/fake-pulp/pulp3.ts';
import { serveFiles, type FileServer } from '../support/file-server.ts';
import { HOSTILE_VALUES } from '../support/hostile-values.ts';
import { namesAll } from '../support/names-all.ts';
import { temporaryDirectory } from '../support/repo-source.ts';
import { startRunningService, type RunningService } from '../support/running-service.ts';

const ENDED = `id state arches sigkeys stateReason attempt reuses { id } repofile resultRepo resultRepofile toplevelUrl pungiComposeId
  failure { code message retryable details } source { ... on PulpSource { contentSets resolvedContentSets } } packages { totalCount nodes { nevra } }`;

let content: FileServer;
let pulp: FakePulp2;
let pulp3: FakePulp3;
let service: RunningService;
let service3: RunningService;

beforeAll(async () => {
  const directory = temporaryDirectory();
  await makeRepository(join(directory, 'one'), [
    { name: 'hello', version: '1.0', noarch: true },
    { name: 'only-one', noarch: true },
  ]);
  await makeRepository(join(directory, 'two'), [{ name: 'hello', version: '2.0', noarch: true }]);
  content = await serveFiles(directory);
  pulp = await startFakePulp2(
    repository2('plain', { relative_url: 'content/dist/plain/os' }),
    repository2('both-x86', { content_set: 'both', relative_url: 'content/both/x86_64/os' }),
    repository2('both-s390x', { content_set: 'both', relative_url: 'content/both/s390x/os', arch: 's390x' }),
    repository2('apart-1', { content_set: 'apart', relative_url: 'one', product_versions: '[]' }),
    repository2('apart-2', { content_set: 'apart', relative_url: 'two', product_versions: '[]' }),
    repository2('gone-1', { content_set: 'gone', relative_url: 'nowhere', product_versions: '[]' }),
    repository2('gone-2', { content_set: 'gone', relative_url: 'two', product_versions: '[]' }),
    repository2('hidden', { include_in_download_service: 'False' }),
  );
  pulp3 = await startFakePulp3(distribution('three'));
  const settings = (url: string, kind: number) => ({
    ODCS_PULP: JSON.stringify({ url, kind, username: 'odcs', contentUrl: content.url }),
    ODCS_PULP_PASSWORD: 'a:secret',
    ODCS_ARCHES: 'x86_64,s390x',
  });
  service = await startRunningService(settings(pulp.url, 2));
  service3 = await startRunningService(settings(pulp3.url, 3));
});
afterAll(async () => {
  await service.stop();
  await service3.stop();
  await pulp.close();
  await pulp3.close();
  await content.close();
});

async function pulpCompose(contentSets: readonly string[], more: object = {}, on = service) {
  return on.ended(await on.request({ source: { pulp: { contentSets } }, ...more }), ENDED);
}

function section(name: string, baseurl: string, ...more: string[]): string {
  return [`[${name}]`, `name=${name}`, `baseurl=${baseurl}`, 'enabled=1', 'gpgcheck=0', ...more, ''].join('\n');
}

describe('A compose of content sets', () => {
  it('is a .repo file that points to Pulp, with $basearch for URLs that differ in the arch only', async () => {
    const compose = await pulpCompose(['plain', 'both']);
    const text = [
      section('both', `${content.url}/content/both/$basearch/os`),
      section('plain', `${content.url}/content/dist/plain/os`),
    ].join('\n');
    expect(compose).toMatchObject({
      state: 'DONE',
      arches: ['s390x', 'x86_64'],
      sigkeys: ['199e2f91', 'fd431d51'],
      attempt: 1,
      failure: null,
      source: { contentSets: ['plain', 'both'], resolvedContentSets: ['both', 'plain'] },
      packages: { totalCount: 0, nodes: [] },
      repofile: text,
      resultRepofile: `${service.url}/composes/odcs-${compose['id']}/compose/Temporary/odcs-${compose['id']}.repo`,
    });
    const served = await fetch(compose['resultRepofile'] as string);
    expect(await served.text()).toBe(text);
  });

  it('merges repositories without a common URL for each arch, with the newest version of each package', async () => {
    const compose = await pulpCompose(['apart']);
    expect(compose).toMatchObject({
      state: 'DONE',
      failure: null,
      repofile: section('apart', `${compose['resultRepo']}/apart/$basearch`),
    });
    const repomd = await (await fetch(`${compose['resultRepo']}/apart/x86_64/repodata/repomd.xml`)).text();
    expect(repomd).toContain('type="primary"');
    const repodata = join(service.targetDir, `odcs-${compose['id']}`, 'compose/Temporary/apart/x86_64/repodata');
    const primary = (await readdir(repodata)).find((name) => name.includes('primary')) ?? '';
    const xml = gunzipSync(await readFile(join(repodata, primary))).toString();
    expect(
      [...xml.matchAll(/<location xml:base="([^"]+)" href="([^"]+\.noarch\.rpm)"/g)]
        .map(([, base, href]) => `${base}/${href}`)
        .sort(),
    ).toEqual([`${content.url}/one/only-one-1.0-1.noarch.rpm`, `${content.url}/two/hello-2.0-1.noarch.rpm`]);
  });

  it('is an empty repository for each requested arch if nothing is found', async () => {
    const compose = await pulpCompose(['absent'], { flags: ['IGNORE_ABSENT_PULP_REPOS'], arches: ['s390x'] });
    expect(compose).toMatchObject({ state: 'DONE', source: { resolvedContentSets: [] } });
    expect(compose['repofile']).toContain(`[odcs-${compose['id']}]\n`);
    expect(compose['repofile']).toContain(`baseurl=${compose['resultRepo']}/$basearch/os\n`);
    expect((await fetch(`${compose['resultRepo']}/s390x/os/repodata/repomd.xml`)).status).toBe(200);
    expect((await fetch(`${compose['resultRepo']}/x86_64/os/repodata/repomd.xml`)).status).toBe(404);
  });

  it('follows the flags for unpublished, absent and incompatible repositories', async () => {
    expect(await pulpCompose(['hidden'])).toMatchObject({ state: 'FAILED', failure: { code: 'INVALID_SOURCE' } });
    expect(await pulpCompose(['hidden'], { flags: ['INCLUDE_UNPUBLISHED_PULP_REPOS'] })).toMatchObject({
      state: 'DONE',
    });
    expect(await pulpCompose(['plain', 'absent'], { flags: ['IGNORE_ABSENT_PULP_REPOS'] })).toMatchObject({
      state: 'DONE',
      source: { resolvedContentSets: ['plain'] },
    });
    expect((await pulpCompose(['both'], { flags: ['USE_ONLY_COMPATIBLE_ARCH'] }))['repofile']).toContain(
      'skip_if_unavailable=1',
    );
  });

  it('is not reused, because nothing is generated', async () => {
    const [one, two] = [await pulpCompose(['plain']), await pulpCompose(['plain'])];
    expect([one['reuses'], two['reuses'], two['attempt']]).toEqual([null, null, 1]);
    expect(one['id']).not.toBe(two['id']);
  });

  it('may be of a Pulp 3', async () => {
    expect(await pulpCompose(['three'], {}, service3)).toMatchObject({
      state: 'DONE',
      repofile: section('three', 'https://packages.example.com/pulp/content/three'),
    });
  });

  it('is made by an engine that `about` lists', async () => {
    const { data } = await service.query('{ about { engines { name sourceTypes available version } } }');
    const about = data?.['about'] as { engines: { name: string }[] } | undefined;
    expect(about?.engines.find(({ name }) => name === 'repofile')).toMatchObject({
      sourceTypes: ['PULP'],
      available: true,
      version: expect.stringMatching(/^createrepo_c \d/),
    });
  });
});

describe('Content sets that cannot be composed', () => {
  it('fail with the reason, as retryable where Pulp is at fault', async () => {
    expect(await pulpCompose(['absent', 'plain'])).toMatchObject({
      state: 'FAILED',
      failure: {
        code: 'INVALID_SOURCE',
        message: namesAll('absent'),
        retryable: false,
      },
    });
    expect(await pulpCompose(['gone'])).toMatchObject({
      state: 'FAILED',
      failure: {
        code: 'INVALID_SOURCE',
        message: namesAll(`${content.url}/nowhere/`),
      },
    });
    pulp.fail({ kind: 'status', status: 503 });
    expect(await pulpCompose(['plain'])).toMatchObject({
      state: 'FAILED',
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: namesAll(pulp.url, 'HTTP 503'), retryable: true },
    });
    pulp.fail({ kind: 'status', status: 401 });
    expect(await pulpCompose(['plain'])).toMatchObject({
      state: 'FAILED',
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: namesAll(pulp.url, 'HTTP 401') },
    });
    pulp.fail({ kind: 'body', body: '[{"id": 7}]' });
    expect(await pulpCompose(['plain'])).toMatchObject({
      state: 'FAILED',
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: namesAll(pulp.url, '0.id') },
    });
    pulp.fail({ kind: 'cut' });
    expect(await pulpCompose(['plain'])).toMatchObject({ state: 'DONE' });
  });

  it('are refused if no Pulp is configured or no content set is named', async () => {
    const without = await startRunningService();
    const problem = await without.refused({ source: { pulp: { contentSets: ['plain'] } } });
    await without.stop();
    expect(problem.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      fields: [{ path: 'input.source.pulp', message: expect.stringContaining('ODCS_PULP') }],
    });
    expect((await service.refused({ source: { pulp: { contentSets: [] } } })).extensions.fields?.[0]?.path).toBe(
      'input.source.pulp.contentSets',
    );
    expect(
      (await service.refused({ source: { pulp: { contentSets: ['plain'] } }, results: ['ISO'] })).extensions.fields?.[0]
        ?.path,
    ).toBe('input.results.0');
  });

  it('are never written into a .repo file with hostile names', async () => {
    for (const value of HOSTILE_VALUES) {
      const { data, errors } = await service.query(
        'mutation ($input: CreateComposeInput!) { createCompose(input: $input) { compose { id } } }',
        {
          input: { source: { pulp: { contentSets: [value, 'plain'] } }, flags: ['IGNORE_ABSENT_PULP_REPOS'] },
        },
      );
      if (!data) {
        expect(errors?.[0]?.extensions.code, value.slice(0, 40)).toBe('BAD_USER_INPUT');
        continue;
      }
      const compose = await service.ended((data['createCompose'] as { compose: { id: string } }).compose.id, ENDED);
      if (compose['state'] === 'DONE')
        expect(compose['repofile'], value).toBe(section('plain', `${content.url}/content/dist/plain/os`));
      else expect(compose['failure'], value).toMatchObject({ code: 'INVALID_SOURCE' });
    }
  });
});
