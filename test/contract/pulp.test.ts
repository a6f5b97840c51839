// Content sets against a Pulp 2 and a Pulp 3 over HTTP: what both have in common.

import { describe, expect, it } from 'vitest';
import type { PulpServer } from '../../src/upstreams/pulp/pulp-repository.ts';
import { repository2 } from '../support/fake-pulp/pulp2.ts';
import { distribution } from '../support/fake-pulp/pulp3.ts';
import { failureOf, planOf, pulp2, pulp3, resolve } from '../support/fake-pulp/resolving.ts';
import type { FaultyServer } from '../support/faulty-server.ts';
import { namesAll } from '../support/names-all.ts';

/** One repository of a content set, in either Pulp. */
interface AnyRepository {
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
  start(
    ...repositories: AnyRepository[]
  ): Promise<{ server: FaultyServer; pulp: PulpServer; at: (url: string) => string }>;
}[] = [
  {
    name: 'Pulp 2',
    async start(...repositories) {
      const started = await pulp2(
        ...repositories.map(({ id, set, url, arch = 'x86_64', signatures = 'fd431d51', published = true }) =>
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
    async start(...repositories) {
      const started = await pulp3(
        ...repositories.map(({ id, set, url, arch = 'x86_64', signatures = 'fd431d51', published = true }) =>
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
  it('resolves a content set of one repository to its URL, arch and sigkeys', async () => {
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

  it('joins arches whose URLs differ in the arch only by $basearch', async () => {
    const { pulp, at } = await start(
      { id: 'a', set: 'rpms', url: 'rhel7/x86_64/os' },
      { id: 'b', set: 'rpms', url: 'rhel7/s390x/os', arch: 's390x' },
    );
    expect(await planOf(pulp, ['rpms'])).toMatchObject({
      sections: [{ url: at('rhel7/$basearch/os'), merges: [], arches: ['s390x', 'x86_64'] }],
      arches: ['s390x', 'x86_64'],
    });
  });

  it('plans a merge for each arch where the URLs differ elsewhere', async () => {
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

  it('plans a merge where the arches are signed with different keys', async () => {
    const { pulp } = await start(
      { id: 'a', set: 'rpms', url: 'x86_64/os' },
      { id: 'b', set: 'rpms', url: 's390x/os', arch: 's390x', signatures: 'other' },
    );
    expect(await planOf(pulp, ['rpms'])).toMatchObject({ sections: [{ url: null, sigkeys: ['fd431d51', 'other'] }] });
  });

  it('accepts the id of a repository in place of a content set', async () => {
    const { pulp, at } = await start({ id: 'a', set: 'rpms', url: 'a' }, { id: 'by-id', set: null, url: 'b' });
    expect(await planOf(pulp, ['rpms', 'by-id'])).toMatchObject({
      sections: [
        { name: 'by-id', url: at('b') },
        { name: 'rpms', url: at('a') },
      ],
      resolvedContentSets: ['by-id', 'rpms'],
    });
  });

  it('includes a repository of a content set once', async () => {
    const { pulp } = await start({ id: 'a', set: 'rpms', url: 'a' });
    expect(await planOf(pulp, ['rpms', 'a'])).toMatchObject({
      sections: [{ name: 'rpms' }],
      resolvedContentSets: ['a', 'rpms'],
      absent: [],
    });
  });

  it('accepts unpublished repositories with INCLUDE_UNPUBLISHED_PULP_REPOS only', async () => {
    const { pulp } = await start(
      { id: 'a', set: 'rpms', url: 'a', published: false },
      { id: 'b', set: null, url: 'b', published: false },
    );
    expect(await failureOf(pulp, ['rpms', 'b'])).toMatchObject({
      code: 'INVALID_SOURCE',
      retryable: false,
      message: namesAll('b, rpms', 'INCLUDE_UNPUBLISHED_PULP_REPOS'),
    });
    expect(await planOf(pulp, ['rpms', 'b'], ['INCLUDE_UNPUBLISHED_PULP_REPOS'])).toMatchObject({
      resolvedContentSets: ['b', 'rpms'],
    });
  });

  it('fails for absent names, unless IGNORE_ABSENT_PULP_REPOS skips them', async () => {
    const { pulp } = await start({ id: 'a', set: 'rpms', url: 'a' });
    expect(await failureOf(pulp, ['rpms', 'nothing'])).toMatchObject({
      code: 'INVALID_SOURCE',
      message: namesAll('nothing', 'IGNORE_ABSENT_PULP_REPOS'),
    });
    expect(await planOf(pulp, ['rpms', 'nothing'], ['IGNORE_ABSENT_PULP_REPOS'])).toMatchObject({
      resolvedContentSets: ['rpms'],
      absent: ['nothing'],
    });
  });

  it('plans an empty repository for each arch where nothing is found', async () => {
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

  it('replaces the only arch by $basearch with USE_ONLY_COMPATIBLE_ARCH', async () => {
    const { pulp, at } = await start({ id: 'a', set: 'rpms', url: 'x86_64/os' });
    expect(await planOf(pulp, ['rpms'], ['USE_ONLY_COMPATIBLE_ARCH'])).toMatchObject({
      sections: [{ url: at('$basearch/os'), arches: ['x86_64'] }],
    });
  });

  it('refuses a name that no .repo file can hold without a request', async () => {
    const { pulp, server } = await start();
    for (const name of ['a\nb', 'a]b', 'a b', ''])
      expect(await failureOf(pulp, [name])).toMatchObject({ code: 'INVALID_SOURCE' });
    expect(server.requests).toHaveLength(0);
  });

  it('fails for a URL that no .repo file can hold', async () => {
    const { pulp } = await start({ id: 'a', set: 'rpms', url: 'x86_64\nbaseurl=http://evil' });
    expect(await failureOf(pulp, ['rpms'])).toMatchObject({
      code: 'INVALID_SOURCE',
      message: namesAll(' a '),
    });
  });

  it.each([{ kind: 'cut' }, { kind: 'cut-within' }, { kind: 'stall' }] as const)(
    'retries after a transport error ($kind)',
    async (fault) => {
      const { pulp, server } = await start({ id: 'a', set: 'rpms', url: 'a' });
      server.fail(fault);
      expect(await planOf(pulp, ['rpms'])).toMatchObject({ resolvedContentSets: ['rpms'] });
      expect(server.requests).toHaveLength(2);
    },
  );

  it.each([
    { kind: 'status', status: 500 },
    { kind: 'status', status: 404 },
    { kind: 'body', body: '[{"id":' },
    { kind: 'body', body: '{"count": "many"}' },
    { kind: 'body', body: '[{"id": 5}]' },
    { kind: 'body', body: 'null' },
  ] as const)('is unavailable after one wrong answer: $kind $status $body', async (fault) => {
    const { pulp, server } = await start({ id: 'a', set: 'rpms', url: 'a' });
    server.fail(fault, 99);
    expect(await failureOf(pulp, ['rpms'])).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryable: true,
      message: namesAll(server.url),
    });
    expect(server.requests).toHaveLength(1);
  });

  it('is unavailable if the search by ids fails', async () => {
    const { pulp, server } = await start({ id: 'a', set: null, url: 'a' });
    server.fail({ kind: 'status', status: 500 }, 99, server.requests.length === 0 ? 'name__in' : '');
    server.fail({ kind: 'status', status: 500 }, 99, '/repositories/a/');
    expect(await failureOf(pulp, ['a'])).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  });

  it('is named in the rejection after an abort', async () => {
    const { pulp, server } = await start();
    const control = new AbortController();
    const reason = new Error('cancelled');
    server.fail({ kind: 'stall' });
    const resolving = resolve(pulp, ['rpms'], [], control.signal);
    await expect.poll(() => server.requests.length).toBe(1);
    control.abort(reason);
    await expect(resolving).rejects.toMatchObject({ upstream: namesAll(server.url), cause: reason });
  });
});
