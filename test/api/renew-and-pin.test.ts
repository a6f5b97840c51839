import { describe, expect } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { apiTest } from '../support/fixtures.ts';
import { rootField, startTestServer } from '../support/http.ts';

const now = new Date('2026-11-23T00:00:00.000Z');

/** The API at a fixed time. */
const it = apiTest
  .extend('odcs', { scope: 'file' }, async ({ server }, { onCleanup }) => {
    const odcs = await startTestApi(server, { clock: { now: () => now } });
    onCleanup(() => odcs.stop());
    return odcs;
  })
  .extend('http', { scope: 'file' }, async ({ odcs }, { onCleanup }) => {
    const http = await startTestServer(odcs.api);
    onCleanup(() => http.stop());
    return http;
  });

/** A compose that expires now. */
async function expiring(odcs: TestApi): Promise<string> {
  return odcs.store.transaction(async (tx) => {
    const inserted = await tx.insert(aCompose({ owner: 'ann' }), null);
    const done = await tx.save(
      inserted,
      { ...inserted, state: 'DONE', doneAt: T0, expiresAt: now },
      { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null },
    );
    return done.id;
  });
}

const RENEW =
  'mutation ($input: RenewComposeInput!) { renewCompose(input: $input) { regenerated compose { id state expiresAt respinOf } } }';
const PIN =
  'mutation ($input: PinComposeInput!) { pinCompose(input: $input) { pin { name owner expiresAt createdAt } compose { id pins { name } } } }';
const UNPIN = 'mutation ($input: UnpinComposeInput!) { unpinCompose(input: $input) { compose { pins { name } } } }';

describe('renewCompose', () => {
  it('returns the compose that it extends', async ({ odcs, http }) => {
    const id = await expiring(odcs);
    const { data } = await http.query(RENEW, { input: { id, secondsToLive: 3_600 } });
    expect(data).toEqual({
      renewCompose: {
        regenerated: false,
        compose: { id, state: 'DONE', expiresAt: '2026-11-23T01:00:00.000Z', respinOf: null },
      },
    });
  });

  it('names every wrong field', async ({ odcs, http }) => {
    const id = await expiring(odcs);
    const wrong = await http.query(RENEW, { input: { id, modules: ['m:1'], secondsToLive: -5 } });
    expect(wrong.errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      retryable: false,
      fields: [{ path: 'input.secondsToLive' }, { path: 'input.modules' }],
    });
  });
});

describe('renewCompose, pinCompose and unpinCompose', () => {
  it.for(['999999', 'x', '0', '99999999999999999999'])('refuse the unknown id %j', async (id, { http }) => {
    for (const [mutation, input] of [
      [RENEW, { id }],
      [PIN, { id, name: 'x' }],
      [UNPIN, { id, name: 'x' }],
    ] as const)
      expect((await http.query(mutation, { input })).errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  });
});

describe('pinCompose and unpinCompose', () => {
  it('set and remove pins, which have events and are read at once for a page of composes', async ({ odcs, http }) => {
    const ids = [await expiring(odcs), await expiring(odcs), await expiring(odcs)];
    for (const id of ids) {
      const { data } = await http.query(PIN, { input: { id, name: `for ${id}`, secondsToLive: 60 } });
      expect(data).toEqual({
        pinCompose: {
          pin: {
            name: `for ${id}`,
            owner: 'anonymous',
            expiresAt: '2026-11-23T00:01:00.000Z',
            createdAt: now.toISOString(),
          },
          compose: { id, pins: [{ name: `for ${id}` }] },
        },
      });
    }
    const reads = odcs.calls('store.pinsOf');
    const page = await http.query(
      'query ($ids: [ID!]) { composes(filter: { ids: $ids }, orderBy: { field: ID, direction: ASC }) { nodes { pins { name } events { nodes { kind seq reason } } } } }',
      { ids },
    );
    interface Page {
      readonly nodes: readonly { readonly events: { readonly nodes: readonly object[] } }[];
    }
    const { nodes } = rootField<Page>(page, 'composes');
    expect(nodes.map((node) => ({ ...node, events: node.events.nodes.at(-1) }))).toEqual(
      ids.map((id) => ({ pins: [{ name: `for ${id}` }], events: { kind: 'PINNED', seq: 3, reason: `for ${id}` } })),
    );
    expect(odcs.calls('store.pinsOf')).toBe(reads + 1);
    const { data } = await http.query(UNPIN, { input: { id: ids[0], name: `for ${ids[0]}` } });
    expect(data).toEqual({ unpinCompose: { compose: { pins: [] } } });
  });
});
