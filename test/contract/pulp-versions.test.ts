// Content sets against a Pulp over HTTP: what only Pulp 2 or only Pulp 3 does.

import { describe, expect, it, onTestFinished } from 'vitest';
import { Pulp2Client } from '../../src/upstreams/pulp/pulp2-client.ts';
import { repository2 } from '../support/fake-pulp/pulp2.ts';
import { distribution } from '../support/fake-pulp/pulp3.ts';
import { CLIENT_OPTIONS, failureOf, planOf, pulp2, pulp3 } from '../support/fake-pulp/resolving.ts';
import { namesAll } from '../support/names-all.ts';

describe('Pulp 2', () => {
  it('is searched as by the original ODCS', async () => {
    const { pulp, server } = await pulp2(repository2('rpms'));
    await planOf(pulp, ['rpms', 'more'], ['IGNORE_ABSENT_PULP_REPOS']);
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /pulp/api/v2/repositories/search/',
      'GET /pulp/api/v2/repositories/more/',
    ]);
    expect(JSON.parse(server.requests[0]?.body.toString() ?? '')).toEqual({
      criteria: {
        filters: { 'notes.content_set': { $in: ['more', 'rpms'] }, 'notes.include_in_download_service': 'True' },
        fields: ['notes', 'id'],
      },
    });
  });

  it('supplies the newest of several repositories of one arch with numeric versions', async () => {
    const versions = (text: string) => ({
      content_set: 'rpms',
      product_versions: `["${text}"]`,
      relative_url: `v${text}/os`,
    });
    const { pulp, server } = await pulp2(
      repository2('a', versions('7.9')),
      repository2('b', versions('7.10')),
      repository2('c', versions('7.2')),
    );
    expect(await planOf(pulp, ['rpms'])).toMatchObject({
      sections: [{ url: `${server.url}/v7.10/os`, productVersions: ['7.10'] }],
    });
  });

  it('supplies all repositories of the newest version', async () => {
    const of = (version: string, name: string) =>
      repository2(name, { content_set: 'rpms', product_versions: `["${version}"]`, relative_url: `${name}/os` });
    const { server, pulp } = await pulp2(of('9.4', 'a'), of('9.3', 'b'), of('9.4', 'c'));
    expect(await planOf(pulp, ['rpms'])).toMatchObject({
      sections: [{ url: null, merges: [{ arch: 'x86_64', urls: [`${server.url}/a/os`, `${server.url}/c/os`] }] }],
    });
  });

  it.each(['["7.9", "8"]', 'broken', '["7.1.2"]', '["7Server"]'])(
    'supplies all repositories where a version is %s',
    async (product_versions) => {
      const { pulp } = await pulp2(
        repository2('a', { content_set: 'rpms', relative_url: 'a' }),
        repository2('b', { content_set: 'rpms', relative_url: 'b', product_versions }),
      );
      expect(await planOf(pulp, ['rpms'])).toMatchObject({ sections: [{ url: null }] });
    },
  );

  it('is unavailable with wrong credentials', async () => {
    const { server } = await pulp2();
    const pulp = new Pulp2Client({
      ...CLIENT_OPTIONS,
      url: server.url,
      basicAuth: { username: 'odcs', password: 'wrong' },
    });
    onTestFinished(() => pulp.close());
    expect(await failureOf(pulp, ['rpms'])).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      message: namesAll(server.url, '401'),
    });
  });

  it('may serve repositories from another host', async () => {
    const { server } = await pulp2(repository2('rpms', { relative_url: '/x/x86_64/os/' }));
    const pulp = new Pulp2Client({
      ...CLIENT_OPTIONS,
      url: server.url,
      contentUrl: 'https://cdn.example.com/content/',
    });
    onTestFinished(() => pulp.close());
    expect(await planOf(pulp, ['rpms'])).toMatchObject({
      sections: [{ url: 'https://cdn.example.com/content/x/x86_64/os' }],
    });
  });

  it('has its arch replaced as a word of the path, not in the host and not in another arch', async () => {
    const { server } = await pulp2(
      repository2('a', { content_set: 'rpms', arch: 'ppc64', relative_url: 'ppc64le-like/ppc64/os' }),
      repository2('b', { content_set: 'rpms', arch: 'x86_64', relative_url: 'ppc64le-like/x86_64/os' }),
    );
    const pulp = new Pulp2Client({ ...CLIENT_OPTIONS, url: server.url, contentUrl: 'https://ppc64.example.com' });
    onTestFinished(() => pulp.close());
    expect(await planOf(pulp, ['rpms'])).toMatchObject({
      sections: [{ url: 'https://ppc64.example.com/ppc64le-like/$basearch/os' }],
    });
  });
});

describe('Pulp 3', () => {
  it('is searched by label, then by name', async () => {
    const { pulp, server } = await pulp3(
      distribution('one', { content_set: 'rpms' }),
      distribution('two', { content_set: null }),
    );
    await planOf(pulp, ['rpms', 'two']);
    expect(server.requests.map(({ url }) => Object.fromEntries(new URL(url, 'http://fake').searchParams))).toEqual([
      expect.objectContaining({ pulp_label_select: 'content_set=rpms' }),
      expect.objectContaining({ pulp_label_select: 'content_set=two' }),
      expect.objectContaining({ name__in: 'two' }),
    ]);
  });

  it('is read page by page, whatever host the next page names', async () => {
    const many = Array.from({ length: 230 }, (_, index) => distribution(`d${index}`, { content_set: 'rpms' }));
    const { pulp, server } = await pulp3(...many);
    const { sections } = await planOf(pulp, ['rpms']);
    expect(sections[0]?.merges[0]?.urls).toHaveLength(230);
    expect(server.requests).toHaveLength(3);
  });

  it('has a distribution without an arch merged into every arch', async () => {
    const { pulp } = await pulp3(
      distribution('a', { content_set: 'rpms', arch: null }),
      distribution('b', { content_set: 'rpms' }),
    );
    const url = (name: string) => `https://packages.example.com/pulp/content/${name}`;
    expect(await planOf(pulp, ['rpms'])).toMatchObject({
      sections: [
        {
          merges: [
            { arch: 's390x', urls: [url('a')] },
            { arch: 'x86_64', urls: [url('a'), url('b')] },
          ],
        },
      ],
    });
  });

  it('does not publish a distribution that serves nothing or whose label says so', async () => {
    const { pulp } = await pulp3(
      distribution('a', {}, { repository: null }),
      distribution('b', { include_in_download_service: 'False' }),
      distribution('c', {}, { repository: null, publication: '/pulp/api/v3/publications/rpm/rpm/1/' }),
    );
    expect(await planOf(pulp, ['a', 'b', 'c'], ['IGNORE_ABSENT_PULP_REPOS'])).toMatchObject({
      resolvedContentSets: ['c'],
    });
  });

  it('is not asked for names that a selector would misread', async () => {
    const { pulp, server } = await pulp3(distribution('a'));
    expect(await failureOf(pulp, ['x,content_set=a'])).toMatchObject({ code: 'INVALID_SOURCE' });
    expect(server.requests).toHaveLength(0);
  });
});
