import { describe, expect } from 'vitest';
import type { TestApi } from '../support/api.ts';
import { T0 } from '../support/composes.ts';
import { apiTest as it } from '../support/fixtures.ts';
import { rootField } from '../support/http.ts';
import { aPackage } from '../support/packages.ts';

const CREATE =
  'mutation ($input: CreateComposeInput!) { createCompose(input: $input) { replayed compose { id owner state } } }';

/** Five composes of an owner of their own. */
async function five(odcs: TestApi, owner: string): Promise<readonly string[]> {
  return (await odcs.insertMany(5, () => ({ owner }))).map(({ id }) => id);
}

/** How often `work` calls a method of a port. */
async function callsDuring(odcs: TestApi, name: string, work: () => Promise<unknown>): Promise<number> {
  const before = odcs.calls(name);
  await work();
  return odcs.calls(name) - before;
}

describe('Query.compose and Query.node', () => {
  it('return a compose by its id', async ({ odcs, http }) => {
    const { id } = await odcs.insert({ submittedAt: T0 });
    const { data } = await http.query(
      `query ($id: ID!) {
        compose(id: $id) { id state sourceType source { __typename ... on RepoSource { repo } } submittedAt }
        node(id: $id) { __typename id }
      }`,
      { id },
    );
    expect(data).toEqual({
      compose: {
        id,
        state: 'WAIT',
        sourceType: 'REPO',
        source: { __typename: 'RepoSource', repo: '/srv/repo' },
        submittedAt: T0.toISOString(),
      },
      node: { __typename: 'Compose', id },
    });
  });

  it.for(['0', 'abc', '', '1.0', '01', '-1', '99999999999999999999', '9223372036854775808', "1'; drop table compose"])(
    'are null for the id %j',
    async (id, { http }) => {
      const { status, data, errors } = await http.query(
        'query ($id: ID!) { compose(id: $id) { id } node(id: $id) { id } }',
        { id },
      );
      expect({ status, data, errors }).toEqual({ status: 200, data: { compose: null, node: null }, errors: undefined });
    },
  );

  it('have URLs, a .repo file and packages only when the compose is DONE', async ({ odcs, http }) => {
    const { id: waiting } = await odcs.insert();
    const id = await odcs.done([
      aPackage('a-0:1-1.noarch', { sizeBytes: 7 }),
      aPackage('b-0:1-1.noarch', { sizeBytes: null }),
    ]);
    const query = `query ($id: ID!, $after: String) { compose(id: $id) {
      toplevelUrl repofile
      packages(first: 1, after: $after) { totalCount nodes { nevra sizeBytes } pageInfo { hasNextPage endCursor } }
    } }`;
    const first = (await http.query(query, { id })).data?.['compose'] as {
      packages: { pageInfo: { endCursor: string } };
    };
    expect(first).toMatchObject({
      toplevelUrl: `http://odcs.test/composes/odcs-${id}`,
      repofile: expect.stringMatching(`^\\[odcs-${id}\\]\n`) as string,
      packages: { totalCount: 2, nodes: [{ nevra: 'a-0:1-1.noarch', sizeBytes: 7 }], pageInfo: { hasNextPage: true } },
    });
    const second = await http.query(query, { id, after: first.packages.pageInfo.endCursor });
    expect(second.data).toMatchObject({
      compose: {
        packages: { nodes: [{ nevra: 'b-0:1-1.noarch', sizeBytes: null }], pageInfo: { hasNextPage: false } },
      },
    });
    expect((await http.query(query, { id: waiting })).data).toEqual({
      compose: { toplevelUrl: null, repofile: null, packages: null },
    });
  });
});

describe('Query.composes', () => {
  it('reads the looked-up fields of a page at once, and neither counts nor reads the head of the events', async ({
    odcs,
    http,
  }) => {
    await five(odcs, 'looked-up');
    const query =
      '{ composes(filter: { owners: ["looked-up"] }) { nodes { queuePosition progress { percent } reuses { id } } } }';
    const counts = odcs.calls('store.count');
    const heads = odcs.calls('events.head');
    expect(await callsDuring(odcs, 'store.queuePositions', () => http.query(query))).toBe(1);
    expect(odcs.calls('store.count')).toBe(counts);
    expect(odcs.calls('events.head')).toBe(heads);
  });

  it('reads the events of all composes at once, and pages of another size once more', async ({ odcs, http }) => {
    const ids = await five(odcs, 'events');
    const calls = await callsDuring(odcs, 'events.readEach', async () => {
      const { data, errors } = await http.query(
        '{ composes(filter: { owners: ["events"] }) { nodes { id two: events(first: 2) { nodes { seq } } one: events(first: 1) { nodes { seq } } } } }',
      );
      expect(errors).toBeUndefined();
      expect(data).toMatchObject({
        composes: {
          nodes: ids.toReversed().map((id) => ({ id, two: { nodes: [{ seq: 1 }] }, one: { nodes: [{ seq: 1 }] } })),
        },
      });
    });
    expect(calls).toBe(2);
  });

  it('counts once, and only when a total is selected', async ({ odcs, http }) => {
    await five(odcs, 'counted');
    const calls = await callsDuring(odcs, 'store.count', async () => {
      const { data } = await http.query(
        '{ composes(filter: { owners: ["counted"] }) { totalCount totalCountIsEstimate asOf } }',
      );
      expect(data).toMatchObject({ composes: { totalCount: 5, totalCountIsEstimate: false } });
    });
    expect(calls).toBe(1);
  });

  it('finds nothing for an empty list in the filter, or for ids that no compose can have', async ({ odcs, http }) => {
    await odcs.insert();
    const { data } = await http.query(
      '{ a: composes(filter: { states: [] }) { totalCount } b: composes(filter: { ids: ["x"] }) { totalCount } }',
    );
    expect(data).toEqual({ a: { totalCount: 0 }, b: { totalCount: 0 } });
  });

  it('treats null as left out', async ({ odcs, http }) => {
    const ids = await five(odcs, 'nulls');
    const { data } = await http.query(
      '{ composes(filter: { states: null, owners: ["nulls"] }, orderBy: null, first: null, after: null, last: null) { totalCount nodes { id } } }',
    );
    expect(data).toEqual({ composes: { totalCount: 5, nodes: ids.toReversed().map((id) => ({ id })) } });
  });
});

describe('events', () => {
  it('are paged in the order of commits, for one compose and for all', async ({ odcs, http }) => {
    const [one, two] = await odcs.insertMany(2, () => ({ owner: 'pages' }));
    await odcs.begin(one?.id ?? '');
    await odcs.succeed(one?.id ?? '');
    const query = `query ($after: EventCursor) { composeEvents(filter: { owners: ["pages"] }, first: 3, after: $after) {
      nodes { seq compose { id } } pageInfo { hasNextPage endCursor } } }`;
    const first = (await http.query(query)).data?.['composeEvents'] as { pageInfo: { endCursor: string } };
    expect(first).toMatchObject({
      nodes: [
        { seq: 1, compose: { id: one?.id } },
        { seq: 1, compose: { id: two?.id } },
        { seq: 2, compose: { id: one?.id } },
      ],
      pageInfo: { hasNextPage: true },
    });
    const second = (await http.query(query, { after: first.pageInfo.endCursor })).data?.['composeEvents'];
    expect(second).toMatchObject({ nodes: [{ seq: 3, compose: { id: one?.id } }], pageInfo: { hasNextPage: false } });
    const own = await http.query(
      'query ($id: ID!) { compose(id: $id) { events { nodes { seq to compose { state } } } } }',
      { id: one?.id },
    );
    expect(own.data).toEqual({
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

  it('refuse a cursor that is ahead of the stream, which is compared once for all composes', async ({ odcs, http }) => {
    await five(odcs, 'ahead');
    const after = odcs.api.cursor((await odcs.api.head()) + 99n);
    const refusal = [{ extensions: { code: 'BAD_USER_INPUT', fields: [{ path: 'after' }] } }];
    const calls = await callsDuring(odcs, 'events.head', async () => {
      const { errors } = await http.query(
        'query ($after: EventCursor) { composes(filter: { owners: ["ahead"] }) { nodes { events(after: $after) { nodes { seq } } } } }',
        { after },
      );
      expect(errors).toMatchObject(refusal);
    });
    expect(calls).toBe(1);
    const { errors } = await http.query(
      'query ($after: EventCursor) { composeEvents(after: $after) { nodes { seq } } }',
      {
        after,
      },
    );
    expect(errors).toMatchObject(refusal);
  });
});

describe('Query.about and Query.viewer', () => {
  it('describe the server and the sender of the request', async ({ http }) => {
    const { data } = await http.query(
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
  it('create, cancel and remove a compose', async ({ http }) => {
    const created = await http.query(CREATE, { input: { source: { repo: { repo: '/srv/repo' } } } });
    expect(created.data).toMatchObject({
      createCompose: { replayed: false, compose: { owner: 'anonymous', state: 'WAIT' } },
    });
    const { id } = rootField<{ compose: { id: string } }>(created, 'createCompose').compose;
    const canceled = await http.query(
      'mutation ($id: ID!) { cancelCompose(input: { id: $id, reason: "a test" }) { compose { state failure { code retryable } cancelRequestedAt } } }',
      { id },
    );
    expect(canceled.data).toMatchObject({
      cancelCompose: { compose: { state: 'FAILED', failure: { code: 'CANCELED', retryable: false } } },
    });
    const removed = await http.query(
      'mutation ($id: ID!) { removeCompose(input: { id: $id }) { compose { state removedBy } } }',
      { id },
    );
    expect(removed.data).toEqual({ removeCompose: { compose: { state: 'REMOVED', removedBy: 'anonymous' } } });
  });

  it('are refused with a code', async ({ odcs, http }) => {
    const absent = await http.query('mutation { cancelCompose(input: { id: "999999" }) { compose { id } } }');
    expect(absent).toMatchObject({
      status: 200,
      data: null,
      errors: [{ extensions: { code: 'NOT_FOUND', retryable: false } }],
    });
    const malformed = await http.query('mutation { removeCompose(input: { id: "nope" }) { compose { id } } }');
    expect(malformed.errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    const conflict = await http.query('mutation ($id: ID!) { cancelCompose(input: { id: $id }) { compose { id } } }', {
      id: await odcs.done(),
    });
    expect(conflict.errors).toMatchObject([
      { path: ['cancelCompose'], extensions: { code: 'CONFLICT', retryable: false } },
    ]);
  });
});
