import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InMemoryApi } from '../support/in-memory-api.ts';
import { startTestServer, type TestServer } from '../support/http.ts';

const api = new InMemoryApi();
let server: TestServer;

beforeAll(async () => {
  for (let index = 0; index < 5; index += 1) api.insert();
  server = await startTestServer(api);
});
afterAll(() => server.stop());

describe('a compose', () => {
  it('is found by compose and by node', async () => {
    const { data } = await server.query(
      '{ compose(id: "1") { id state sourceType source { __typename ... on RepoSource { repo } } submittedAt } node(id: "1") { __typename id } }',
    );
    expect(data).toEqual({
      compose: {
        id: '1',
        state: 'WAIT',
        sourceType: 'REPO',
        source: { __typename: 'RepoSource', repo: '/srv/repo' },
        submittedAt: '2026-11-22T10:00:01.000Z',
      },
      node: { __typename: 'Compose', id: '1' },
    });
  });

  it.each(['0', 'abc', '', '1.0', '01', '-1', '99999999999999999999', '9223372036854775808', "1'; drop table compose"])(
    'is null for the id %j',
    async (id) => {
      const { status, data, errors } = await server.query(
        'query ($id: ID!) { compose(id: $id) { id } node(id: $id) { id } }',
        { id },
      );
      expect({ status, data, errors }).toEqual({ status: 200, data: { compose: null, node: null }, errors: undefined });
    },
  );

  it('knows its URLs, .repo file and packages once it is done', async () => {
    api.begin('2');
    api.succeed('2');
    api.packagesOf.set('2', [
      {
        nevra: 'a-0:1-1.noarch',
        name: 'a',
        arch: 'noarch',
        sourceNevra: null,
        sigkey: null,
        path: 'Temporary/a.rpm',
        sizeBytes: 7,
        treeArch: 'x86_64',
        category: 'binary',
      },
      {
        nevra: 'b-0:1-1.noarch',
        name: 'b',
        arch: 'noarch',
        sourceNevra: null,
        sigkey: null,
        path: 'Temporary/b.rpm',
        sizeBytes: null,
        treeArch: 'x86_64',
        category: 'binary',
      },
    ]);
    const query = `query ($after: String) { compose(id: "2") { toplevelUrl repofile packages(first: 1, after: $after) { totalCount nodes { nevra sizeBytes } pageInfo { hasNextPage endCursor } } } }`;
    const first = (await server.query(query)).data?.['compose'] as { packages: { pageInfo: { endCursor: string } } };
    expect(first).toMatchObject({
      toplevelUrl: 'http://odcs.test/composes/odcs-2',
      repofile: '[odcs-2]\n',
      packages: { totalCount: 2, nodes: [{ nevra: 'a-0:1-1.noarch', sizeBytes: 7 }], pageInfo: { hasNextPage: true } },
    });
    const second = await server.query(query, { after: first.packages.pageInfo.endCursor });
    expect(second.data).toMatchObject({
      compose: {
        packages: { nodes: [{ nevra: 'b-0:1-1.noarch', sizeBytes: null }], pageInfo: { hasNextPage: false } },
      },
    });
    expect((await server.query('{ compose(id: "1") { toplevelUrl packages { totalCount } } }')).data).toEqual({
      compose: { toplevelUrl: null, packages: null },
    });
  });
});

describe('a list', () => {
  it('looks things up once for the whole page', async () => {
    const before = { ...api.calls };
    const { errors } = await server.query(
      '{ composes(first: 5) { nodes { queuePosition progress { percent } reuses { id } } } }',
    );
    expect(errors).toBeUndefined();
    expect(api.calls['queuePositions']).toBe((before['queuePositions'] ?? 0) + 1);
    expect(api.calls['count']).toBe(before['count']);
    expect(api.calls['head']).toBe(before['head']);
  });

  it('reads the events of all composes in one go, and those of another page in another', async () => {
    const before = api.calls['readEach'] ?? 0;
    const { data, errors } = await server.query(
      '{ composes(first: 5) { nodes { id events(first: 2) { nodes { seq } } last: events(first: 1) { nodes { seq } } } } }',
    );
    expect(errors).toBeUndefined();
    expect((data as { composes: { nodes: object[] } }).composes.nodes).toContainEqual({
      id: '1',
      events: { nodes: [{ seq: 1 }] },
      last: { nodes: [{ seq: 1 }] },
    });
    expect(api.calls['readEach']).toBe(before + 2);
  });

  it('is counted only when asked for, and once', async () => {
    const before = api.calls['count'] ?? 0;
    const { data } = await server.query(
      '{ composes(filter: { owners: ["anonymous"] }) { totalCount totalCountIsEstimate asOf } }',
    );
    expect(data).toMatchObject({ composes: { totalCount: 5, totalCountIsEstimate: false } });
    expect(api.calls['count']).toBe(before + 1);
  });

  it('lets nothing through where a list in its filter is empty or holds no id', async () => {
    const { data } = await server.query(
      '{ a: composes(filter: { states: [] }) { totalCount } b: composes(filter: { ids: ["x"] }) { totalCount } }',
    );
    expect(data).toEqual({ a: { totalCount: 0 }, b: { totalCount: 0 } });
  });

  it('takes null for what is left out', async () => {
    const { data } = await server.query(
      '{ composes(filter: { states: null, owners: null }, orderBy: null, first: null, after: null, last: null) { totalCount nodes { id } } }',
    );
    expect(data).toMatchObject({
      composes: { totalCount: 5, nodes: [{ id: '5' }, { id: '4' }, { id: '3' }, { id: '2' }, { id: '1' }] },
    });
  });
});

describe('events', () => {
  it('are paged in commit order, of one compose and of all', async () => {
    const query =
      'query ($after: EventCursor) { composeEvents(first: 4, after: $after) { nodes { seq compose { id } } pageInfo { hasNextPage endCursor } } }';
    const first = (await server.query(query)).data?.['composeEvents'] as {
      nodes: unknown[];
      pageInfo: { hasNextPage: boolean; endCursor: string };
    };
    expect(first.nodes).toHaveLength(4);
    expect(first.pageInfo.hasNextPage).toBe(true);
    const second = (await server.query(query, { after: first.pageInfo.endCursor })).data?.['composeEvents'];
    expect(second).toMatchObject({
      nodes: [
        { seq: 1, compose: { id: '5' } },
        { seq: 2, compose: { id: '2' } },
        { seq: 3, compose: { id: '2' } },
      ],
      pageInfo: { hasNextPage: false },
    });
    const own = (await server.query('{ compose(id: "2") { events { nodes { seq to compose { state } } } } }')).data;
    expect(own).toEqual({
      compose: {
        events: {
          nodes: [
            { seq: 1, to: 'WAIT', compose: { state: 'WAIT' } },
            { seq: 2, to: 'GENERATING', compose: { state: 'GENERATING' } },
            { seq: 3, to: 'DONE', compose: { state: 'DONE' } },
          ],
        },
      },
    });
  });
});

describe('a cursor that is ahead of the event log', () => {
  it('is refused where events of composes are asked for, too, and looked at once for all of them', async () => {
    const after = api.cursors.encode(99n);
    const before = api.calls['head'] ?? 0;
    const nested = await server.query(
      'query ($after: EventCursor) { composes(first: 5) { nodes { events(after: $after) { nodes { seq } } } } }',
      { after },
    );
    expect(nested.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', fields: [{ path: 'after' }] } }]);
    expect(api.calls['head']).toBe(before + 1);
    const all = await server.query('query ($after: EventCursor) { composeEvents(after: $after) { nodes { seq } } }', {
      after,
    });
    expect(all.errors?.[0]?.message).toBe(nested.errors?.[0]?.message);
  });
});

describe('about and viewer', () => {
  it('tell what the server can do and who asks', async () => {
    const { data } = await server.query(
      '{ about { version engines { name available sourceTypes } authBackends defaultSecondsToLive } viewer { name groups isAdmin may { arches sourceTypes } } }',
    );
    expect(data).toMatchObject({
      about: {
        version: '1.2.3',
        engines: [{ name: 'dnf', available: true, sourceTypes: ['REPO'] }],
        authBackends: ['noauth'],
        defaultSecondsToLive: 86_400,
      },
      viewer: { name: 'anonymous', groups: [], isAdmin: true, may: { arches: ['x86_64'] } },
    });
  });
});

describe('mutations', () => {
  it('create, cancel and remove', async () => {
    const created = await server.query(
      'mutation ($input: CreateComposeInput!) { createCompose(input: $input) { replayed compose { id owner state queuePosition } } }',
      {
        input: { source: { repo: { repo: '/srv/repo' } } },
      },
    );
    expect(created.data).toEqual({
      createCompose: { replayed: false, compose: { id: '6', owner: 'anonymous', state: 'WAIT', queuePosition: 5 } },
    });
    const canceled = await server.query(
      'mutation { cancelCompose(input: { id: "6", reason: "a test" }) { compose { state failure { code message retryable } cancelRequestedAt } } }',
    );
    expect(canceled.data).toMatchObject({
      cancelCompose: {
        compose: {
          state: 'FAILED',
          failure: { code: 'CANCELED', message: 'Canceled by anonymous: a test', retryable: false },
        },
      },
    });
    const removed = await server.query(
      'mutation { removeCompose(input: { id: "6" }) { compose { state removedBy } } }',
    );
    expect(removed.data).toEqual({ removeCompose: { compose: { state: 'REMOVED', removedBy: 'system' } } });
  });

  it('refuse with the code of what is wrong', async () => {
    const absent = await server.query('mutation { cancelCompose(input: { id: "999" }) { compose { id } } }');
    expect(absent).toMatchObject({
      status: 200,
      data: null,
      errors: [{ extensions: { code: 'NOT_FOUND', retryable: false } }],
    });
    const malformed = await server.query('mutation { removeCompose(input: { id: "nope" }) { compose { id } } }');
    expect(malformed.errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    const conflict = await server.query('mutation { cancelCompose(input: { id: "2" }) { compose { id } } }');
    expect(conflict.errors).toMatchObject([
      { path: ['cancelCompose'], extensions: { code: 'CONFLICT', retryable: false } },
    ]);
  });
});
