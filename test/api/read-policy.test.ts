// No read of the API goes past the read policy of the viewer.

import { describe, expect, onTestFinished } from 'vitest';
import { firstOf } from '../../src/auth/registry.ts';
import { granted } from '../../src/compose/refusal.ts';
import { apiTest } from '../support/fixtures.ts';
import { Results, startTestServer, type TestServer } from '../support/http.ts';
import { aPackage } from '../support/packages.ts';
import { aViewer } from '../support/request-rules.ts';

/** `restricted`: a server whose viewer `ann` may read her own composes only. */
const it = apiTest.extend('restricted', { scope: 'file' }, async ({ odcs }, { onCleanup }) => {
  const ann = aViewer('ann', { mayRead: { owners: ['ann'] } });
  const http = await startTestServer(odcs.api, { auth: firstOf([{ authenticate: async () => granted(ann) }]) });
  onCleanup(() => http.stop());
  return http;
});

function subscribe(http: TestServer, query: string, variables: Record<string, unknown> = {}): Results {
  const results = new Results(http.client(), { query, variables });
  onTestFinished(results.leave);
  return results;
}

describe('a viewer who may read her own composes', () => {
  it('finds no other compose by id, in lists, counts or events', async ({ odcs, restricted }) => {
    const own = await odcs.done([], { owner: 'ann' });
    const other = await odcs.done([], { owner: 'bob' });
    const { data } = await restricted.query(
      `query ($own: ID!, $other: ID!) {
        own: compose(id: $own) { owner } other: compose(id: $other) { owner } node(id: $other) { id }
        composes(filter: { ids: [$own, $other] }) { totalCount nodes { id } }
        composeEvents(filter: { ids: [$own, $other] }) { nodes { compose { id } } }
      }`,
      { own, other },
    );
    expect(data).toEqual({
      own: { owner: 'ann' },
      other: null,
      node: null,
      composes: { totalCount: 1, nodes: [{ id: own }] },
      composeEvents: { nodes: Array.from({ length: 3 }, () => ({ compose: { id: own } })) },
    });
  });

  it('gets NOT_FOUND for a diff with, and for subscriptions to, another compose', async ({ odcs, restricted }) => {
    const own = await odcs.done([], { owner: 'ann' });
    const other = await odcs.done([], { owner: 'bob' });
    const diff = await restricted.query(
      'query ($own: ID!, $other: ID!) { composeDiff(from: $own, to: $other) { counts { added } } }',
      { own, other },
    );
    expect(diff.errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    for (const field of ['composeChanged(id: $id) { seq }', 'composeLog(id: $id) { text }']) {
      const results = subscribe(restricted, `subscription ($id: ID!) { ${field} }`, { id: other });
      await results.completed;
      expect(results.problems).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    }
  });

  it('receives live events of her own composes only', async ({ odcs, restricted }) => {
    const after = odcs.api.cursor(await odcs.api.head());
    const results = subscribe(
      restricted,
      'subscription ($after: EventCursor) { composesChanged(after: $after) { compose { owner } } }',
      { after },
    );
    await odcs.insert({ owner: 'bob' });
    await odcs.insert({ owner: 'ann' });
    await results.count(1);
    expect(results.values('composesChanged')).toEqual([{ compose: { owner: 'ann' } }]);
  });

  it('sees the packages of a compose that hers shares, but not that compose', async ({ odcs, restricted, server }) => {
    const shared = await odcs.done([aPackage('a-0:1-1.x86_64')], { owner: 'bob' });
    const own = await odcs.done([], { owner: 'ann' });
    await server.query('update compose set reuses = $1 where id = $2', [shared, own]);
    const { data } = await restricted.query(
      'query ($own: ID!) { compose(id: $own) { reuses { id } packages { nodes { nevra } } } }',
      { own },
    );
    expect(data).toEqual({ compose: { reuses: null, packages: { nodes: [{ nevra: 'a-0:1-1.x86_64' }] } } });
  });
});
