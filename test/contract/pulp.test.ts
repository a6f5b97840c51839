// Content sets against a Pulp 2 and a Pulp 3 over HTTP: what both do alike, then what each does its own way.

import { afterEach, describe, expect, test } from 'vitest';
import type { ComposeFlag } from '../../src/compose/vocabulary.ts';
import { Pulp2 } from '../../src/upstreams/pulp/pulp2.ts';
import { Pulp3 } from '../../src/upstreams/pulp/pulp3.ts';
import type { PulpServer } from '../../src/upstreams/pulp/pulp-repository.ts';
import { resolveContentSets, type PulpPlan } from '../../src/sources/pulp/resolve-content-sets.ts';
import { ACCOUNT } from '../support/fake-pulp/basic-auth.ts';
import { repository2, startFakePulp2, type FakeRepository } from '../support/fake-pulp/pulp2.ts';
import { distribution, startFakePulp3, type FakeDistribution } from '../support/fake-pulp/pulp3.ts';
import type { FaultyServer } from '../support/faulty-server.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const client = { basicAuth: ACCOUNT, timeouts: { idleMs: 250 }, retry: { attempts: 3, firstPauseMs: 1 } };

async function pulp2(...repositories: FakeRepository[]) {
  const server = await startFakePulp2(...repositories);
  const pulp = new Pulp2({ ...client, url: server.url });
  ends.push(
    () => pulp.close(),
    () => server.close(),
  );
  return { server, pulp };
}

async function pulp3(...distributions: FakeDistribution[]) {
  const server = await startFakePulp3(...distributions);
  const pulp = new Pulp3({ ...client, url: server.url });
  ends.push(
    () => pulp.close(),
    () => server.close(),
  );
  return { server, pulp };
}

async function resolve(
  pulp: PulpServer,
  contentSets: readonly string[],
  flags: readonly ComposeFlag[] = [],
  signal = new AbortController().signal,
) {
  return await resolveContentSets({ contentSets, flags, arches: ['x86_64', 's390x'] }, pulp, signal);
}

async function planOf(
  pulp: PulpServer,
  contentSets: readonly string[],
  flags: readonly ComposeFlag[] = [],
): Promise<PulpPlan> {
  const result = await resolve(pulp, contentSets, flags);
  if ('failure' in result) throw new Error(result.failure.message);
  return result.plan;
}

async function failureOf(pulp: PulpServer, contentSets: readonly string[], flags: readonly ComposeFlag[] = []) {
  const result = await resolve(pulp, contentSets, flags);
  if (!('failure' in result)) throw new Error('was resolved');
  return result.failure;
}

/** One repository of a content set, told to either Pulp. */
interface Told {
  readonly id: string;
  readonly set: string | null;
  readonly url: string;
  readonly arch?: string;
  readonly signatures?: string;
  readonly published?: boolean;
}

const BASE = 'content/dist';
const pulps: readonly {
  readonly name: string;
  start(...told: Told[]): Promise<{ server: FaultyServer; pulp: PulpServer; at: (url: string) => string }>;
}[] = [
  {
    name: 'Pulp 2',
    async start(...told) {
      const started = await pulp2(
        ...told.map(({ id, set, url, arch = 'x86_64', signatures = 'fd431d51', published = true }) =>
          repository2(id, {
            content_set: set,
            relative_url: `${BASE}/${url}`,
            arch,
            signatures,
            include_in_download_service: published ? 'True' : 'False',
          }),
        ),
      );
      return { ...started, at: (url) => `${started.server.url}/${BASE}/${url}` };
    },
  },
  {
    name: 'Pulp 3',
    async start(...told) {
      const started = await pulp3(
        ...told.map(({ id, set, url, arch = 'x86_64', signatures = 'fd431d51', published = true }) =>
          distribution(
            id,
            { content_set: set, arch, signatures },
            { base_url: `/${BASE}/${url}/`, hidden: !published },
          ),
        ),
      );
      return { ...started, at: (url) => `${started.server.url}/${BASE}/${url}` };
    },
  },
];

describe.each(pulps)('$name', ({ start }) => {
  test('a content set of one repository is its URL, arch and signing keys', async () => {
    const { pulp, at } = await start({
      id: 'rhel-7__x86_64',
      set: 'rhel-7-rpms',
      url: 'rhel7/x86_64/os',
      signatures: 'b,a',
    });
    expect(await planOf(pulp, ['rhel-7-rpms'])).toMatchObject({
      sections: [
        { name: 'rhel-7-rpms', url: at('rhel7/x86_64/os'), merges: [], arches: ['x86_64'], sigkeys: ['a', 'b'] },
      ],
      emptyArches: [],
      resolvedContentSets: ['rhel-7-rpms'],
      absent: [],
      arches: ['x86_64'],
      sigkeys: ['a', 'b'],
    });
  });

  test('arches whose URLs differ there only become one URL with $basearch', async () => {
    const { pulp, at } = await start(
      { id: 'a', set: 'rpms', url: 'rhel7/x86_64/os' },
      { id: 'b', set: 'rpms', url: 'rhel7/s390x/os', arch: 's390x' },
    );
    expect(await planOf(pulp, ['rpms'])).toMatchObject({
      sections: [{ url: at('rhel7/$basearch/os'), merges: [], arches: ['s390x', 'x86_64'] }],
      arches: ['s390x', 'x86_64'],
    });
  });

  test('arches whose URLs differ elsewhere have to be merged, arch by arch', async () => {
    const { pulp, at } = await start(
      { id: 'a', set: 'rpms', url: '7.1/x86_64' },
      { id: 'b', set: 'rpms', url: '7.2/x86_64' },
      { id: 'c', set: 'rpms', url: '7.2/s390x', arch: 's390x' },
    );
    expect(await planOf(pulp, ['rpms'])).toMatchObject({
      sections: [
        {
          name: 'rpms',
          url: null,
          merges: [
            { arch: 's390x', urls: [at('7.2/s390x')] },
            { arch: 'x86_64', urls: [at('7.1/x86_64'), at('7.2/x86_64')] },
          ],
        },
      ],
    });
  });

  test('arches that are signed differently have to be merged', async () => {
    const { pulp } = await start(
      { id: 'a', set: 'rpms', url: 'x86_64/os' },
      { id: 'b', set: 'rpms', url: 's390x/os', arch: 's390x', signatures: 'other' },
    );
    expect(await planOf(pulp, ['rpms'])).toMatchObject({ sections: [{ url: null, sigkeys: ['fd431d51', 'other'] }] });
  });

  test('what is no content set may be the id of a repository', async () => {
    const { pulp, at } = await start({ id: 'a', set: 'rpms', url: 'a' }, { id: 'by-id', set: null, url: 'b' });
    expect(await planOf(pulp, ['rpms', 'by-id'])).toMatchObject({
      sections: [
        { name: 'by-id', url: at('b') },
        { name: 'rpms', url: at('a') },
      ],
      resolvedContentSets: ['by-id', 'rpms'],
    });
  });

  test('a repository that its content set brings already comes once', async () => {
    const { pulp } = await start({ id: 'a', set: 'rpms', url: 'a' });
    expect(await planOf(pulp, ['rpms', 'a'])).toMatchObject({
      sections: [{ name: 'rpms' }],
      resolvedContentSets: ['a', 'rpms'],
      absent: [],
    });
  });

  test('repositories that are not published count with INCLUDE_UNPUBLISHED_PULP_REPOS only', async () => {
    const { pulp } = await start(
      { id: 'a', set: 'rpms', url: 'a', published: false },
      { id: 'b', set: null, url: 'b', published: false },
    );
    expect(await failureOf(pulp, ['rpms', 'b'])).toMatchObject({
      code: 'INVALID_SOURCE',
      retryable: false,
      message: expect.stringMatching(
        /no published content set or repository b, rpms in Pulp; with INCLUDE_UNPUBLISHED/,
      ),
    });
    expect(await planOf(pulp, ['rpms', 'b'], ['INCLUDE_UNPUBLISHED_PULP_REPOS'])).toMatchObject({
      resolvedContentSets: ['b', 'rpms'],
    });
  });

  test('what is absent fails, unless IGNORE_ABSENT_PULP_REPOS passes over it', async () => {
    const { pulp } = await start({ id: 'a', set: 'rpms', url: 'a' });
    expect(await failureOf(pulp, ['rpms', 'nothing'])).toMatchObject({
      code: 'INVALID_SOURCE',
      message: expect.stringContaining('content set or repository nothing in Pulp;'),
    });
    expect(await planOf(pulp, ['rpms', 'nothing'], ['IGNORE_ABSENT_PULP_REPOS'])).toMatchObject({
      resolvedContentSets: ['rpms'],
      absent: ['nothing'],
    });
  });

  test('nothing found at all is an empty repository for every arch', async () => {
    const { pulp } = await start();
    expect(await planOf(pulp, ['nothing'], ['IGNORE_ABSENT_PULP_REPOS'])).toEqual({
      sections: [],
      emptyArches: ['x86_64', 's390x'],
      resolvedContentSets: [],
      absent: ['nothing'],
      arches: ['x86_64', 's390x'],
      sigkeys: [],
    });
  });

  test('USE_ONLY_COMPATIBLE_ARCH puts $basearch where the only arch stands', async () => {
    const { pulp, at } = await start({ id: 'a', set: 'rpms', url: 'x86_64/os' });
    expect(await planOf(pulp, ['rpms'], ['USE_ONLY_COMPATIBLE_ARCH'])).toMatchObject({
      sections: [{ url: at('$basearch/os'), arches: ['x86_64'] }],
    });
  });

  test('a name that no .repo file can hold is refused without asking', async () => {
    const { pulp, server } = await start();
    for (const name of ['a\nb', 'a]b', 'a b', ''])
      expect(await failureOf(pulp, [name])).toMatchObject({ code: 'INVALID_SOURCE' });
    expect(server.requests).toHaveLength(0);
  });

  test('a URL that a .repo file cannot hold fails', async () => {
    const { pulp } = await start({ id: 'a', set: 'rpms', url: 'x86_64\nbaseurl=http://evil' });
    expect(await failureOf(pulp, ['rpms'])).toMatchObject({
      code: 'INVALID_SOURCE',
      message: expect.stringContaining(' a has a '),
    });
  });

  test.each([{ kind: 'cut' }, { kind: 'cut-within' }, { kind: 'stall' }] as const)(
    'after a transport error ($kind) it is asked again',
    async (fault) => {
      const { pulp, server } = await start({ id: 'a', set: 'rpms', url: 'a' });
      server.fail(fault);
      expect(await planOf(pulp, ['rpms'])).toMatchObject({ resolvedContentSets: ['rpms'] });
      expect(server.requests).toHaveLength(2);
    },
  );

  test.each([
    { kind: 'status', status: 500 },
    { kind: 'status', status: 404 },
    { kind: 'body', body: '[{"id":' },
    { kind: 'body', body: '{"count": "many"}' },
    { kind: 'body', body: '[{"id": 5}]' },
    { kind: 'body', body: 'null' },
  ] as const)('an answer that is wrong makes it unavailable at once: $kind $status $body', async (fault) => {
    const { pulp, server } = await start({ id: 'a', set: 'rpms', url: 'a' });
    server.fail(fault, 99);
    expect(await failureOf(pulp, ['rpms'])).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryable: true,
      message: expect.stringMatching(/^Pulp at http/),
    });
    expect(server.requests).toHaveLength(1);
  });

  test('trouble with the search by ids is told as well', async () => {
    const { pulp, server } = await start({ id: 'a', set: null, url: 'a' });
    server.fail({ kind: 'status', status: 500 }, 99, server.requests.length === 0 ? 'name__in' : '');
    server.fail({ kind: 'status', status: 500 }, 99, '/repositories/a/');
    expect(await failureOf(pulp, ['a'])).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  });

  test('an abort ends a question that nobody answers', async () => {
    const { pulp, server } = await start();
    const control = new AbortController();
    const reason = new Error('cancelled');
    server.fail({ kind: 'stall' });
    const resolving = resolve(pulp, ['rpms'], [], control.signal);
    await expect.poll(() => server.requests.length).toBe(1);
    control.abort(reason);
    await expect(resolving).rejects.toBe(reason);
  });
});

describe('Pulp 2 alone', () => {
  test('is searched as upstream searches it', async () => {
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

  test('of repositories of one arch that differ in a plain version the newest is taken', async () => {
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

  test('of repositories of one arch all that have the newest version are taken', async () => {
    const of = (version: string, name: string) =>
      repository2(name, { content_set: 'rpms', product_versions: `["${version}"]`, relative_url: `${name}/os` });
    const { server, pulp } = await pulp2(of('9.4', 'a'), of('9.3', 'b'), of('9.4', 'c'));
    expect(await planOf(pulp, ['rpms'])).toMatchObject({
      sections: [{ url: null, merges: [{ arch: 'x86_64', urls: [`${server.url}/a/os`, `${server.url}/c/os`] }] }],
    });
  });

  test.each(['["7.9", "8"]', 'broken', '["7.1.2"]', '["7Server"]'])(
    'no version is taken for newer than %s',
    async (product_versions) => {
      const { pulp } = await pulp2(
        repository2('a', { content_set: 'rpms', relative_url: 'a' }),
        repository2('b', { content_set: 'rpms', relative_url: 'b', product_versions }),
      );
      expect(await planOf(pulp, ['rpms'])).toMatchObject({ sections: [{ url: null }] });
    },
  );

  test('wrong credentials are told', async () => {
    const { server } = await pulp2();
    const pulp = new Pulp2({ ...client, url: server.url, basicAuth: { username: 'odcs', password: 'wrong' } });
    ends.unshift(() => pulp.close());
    expect(await failureOf(pulp, ['rpms'])).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      message: expect.stringContaining('credentials'),
    });
  });

  test('repositories may be served by another host than the API', async () => {
    const { server } = await pulp2(repository2('rpms', { relative_url: '/x/x86_64/os/' }));
    const pulp = new Pulp2({ ...client, url: server.url, contentUrl: 'https://cdn.example.com/content/' });
    ends.unshift(() => pulp.close());
    expect(await planOf(pulp, ['rpms'])).toMatchObject({
      sections: [{ url: 'https://cdn.example.com/content/x/x86_64/os' }],
    });
  });

  test('the arch is replaced as a word of the path, not in the host and not in another arch', async () => {
    const { server } = await pulp2(
      repository2('a', { content_set: 'rpms', arch: 'ppc64', relative_url: 'ppc64le-like/ppc64/os' }),
      repository2('b', { content_set: 'rpms', arch: 'x86_64', relative_url: 'ppc64le-like/x86_64/os' }),
    );
    const pulp = new Pulp2({ ...client, url: server.url, contentUrl: 'https://ppc64.example.com' });
    ends.unshift(() => pulp.close());
    expect(await planOf(pulp, ['rpms'])).toMatchObject({
      sections: [{ url: 'https://ppc64.example.com/ppc64le-like/$basearch/os' }],
    });
  });
});

describe('Pulp 3 alone', () => {
  test('is asked by label, then by name', async () => {
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

  test('distributions that go over several pages are all there, whatever host the next page names', async () => {
    const many = Array.from({ length: 230 }, (_, index) => distribution(`d${index}`, { content_set: 'rpms' }));
    const { pulp, server } = await pulp3(...many);
    const { sections } = await planOf(pulp, ['rpms']);
    expect(sections[0]?.merges[0]?.urls).toHaveLength(230);
    expect(server.requests).toHaveLength(3);
  });

  test('a distribution that tells no arch is merged into every arch', async () => {
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

  test('one that serves nothing, or whose label says so, is not published', async () => {
    const { pulp } = await pulp3(
      distribution('a', {}, { repository: null }),
      distribution('b', { include_in_download_service: 'False' }),
      distribution('c', {}, { repository: null, publication: '/pulp/api/v3/publications/rpm/rpm/1/' }),
    );
    expect(await planOf(pulp, ['a', 'b', 'c'], ['IGNORE_ABSENT_PULP_REPOS'])).toMatchObject({
      resolvedContentSets: ['c'],
    });
  });

  test('names that a selector would misread are not asked for', async () => {
    const { pulp, server } = await pulp3(distribution('a'));
    expect(await failureOf(pulp, ['x,content_set=a'])).toMatchObject({ code: 'INVALID_SOURCE' });
    expect(server.requests).toHaveLength(0);
  });
});
