// Ids of composes from a Compose Tracking Service over HTTP.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reserveIdentity } from '../../src/app/attempt/reserve-identity.ts';
import { PungiComposeIdTaken, type ComposeStore, type ComposeTransaction } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { newIdentity, ownRelease, releaseIdentity, type PungiRelease } from '../../src/compose/pungi-identity.ts';
import { CtsClient } from '../../src/upstreams/cts/cts-client.ts';
import { T0, aCompose } from '../support/composes.ts';
import { startFakeCts, type FakeCts } from '../support/fake-cts.ts';
import { namesAll } from '../support/names-all.ts';
import type { Fault } from '../support/faulty-server.ts';

const never = new AbortController().signal;
const FEDORA: PungiRelease = {
  name: 'Fedora',
  short: 'Fedora',
  version: '43',
  type: 'ga',
  internal: false,
  baseProduct: null,
};

let cts: FakeCts;
let client: CtsClient;
let token: string | null;

beforeEach(async () => {
  cts = await startFakeCts();
  token = null;
  client = new CtsClient({
    url: cts.url,
    token: () =>
      token === null ? Promise.reject(Object.assign(new Error('gone'), { code: 'ENOENT' })) : Promise.resolve(token),
    composeUrl: ({ id }) => `https://odcs.example/composes/odcs-${id}`,
    timeouts: { idleMs: 250 },
    retry: { attempts: 3, firstPauseMs: 1 },
  });
  token = 'secret';
});
afterEach(async () => {
  await client.close();
  await cts.close();
});

function reserve(overrides: Partial<Compose> = {}, release: PungiRelease | null = null, respin = 0) {
  const compose = aCompose(overrides);
  const known = release ?? ownRelease(compose.id);
  return client.reserve(
    { compose, release: known, identity: releaseIdentity(known, compose.composeType, T0, respin) },
    never,
  );
}

const idOf = (answer: Awaited<ReturnType<typeof reserve>>) =>
  'identity' in answer ? answer.identity.id : answer.failure;
const posts = () => cts.requests.filter(({ method }) => method === 'POST');

describe('A compose', () => {
  it('is registered as the original ODCS does, with its URL', async () => {
    cts.token = 'secret';
    expect(await reserve({ composeType: 'PRODUCTION', label: 'RC-1.0' })).toEqual({
      identity: newIdentity('42', 'PRODUCTION', T0),
    });
    const [post] = posts();
    expect(post).toMatchObject({
      url: '/api/1/composes/',
      headers: { 'content-type': 'application/json', authorization: 'Bearer secret' },
    });
    expect(JSON.parse(post?.body.toString() ?? '')).toEqual({
      compose_info: {
        header: { type: 'productmd.composeinfo', version: '1.2' },
        payload: {
          compose: {
            date: '20261122',
            id: 'odcs-42-1-20261122.0',
            respin: 0,
            type: 'production',
            label: 'RC-1.0',
            final: false,
          },
          release: { internal: false, name: 'odcs-42', short: 'odcs-42', type: 'ga', version: '1' },
          variants: {},
        },
      },
      parent_compose_ids: [],
      respin_of: null,
      compose_url: 'https://odcs.example/composes/odcs-42',
    });
  });

  it('gets a respin that no other compose of the release and day has', async () => {
    expect(idOf(await reserve({ id: '1' }, FEDORA))).toBe('Fedora-43-20261122.t.0');
    expect(idOf(await reserve({ id: '2' }, FEDORA))).toBe('Fedora-43-20261122.t.1');
    expect(idOf(await reserve({ id: '3' }, { ...FEDORA, version: '44' }))).toBe('Fedora-44-20261122.t.0');
  });

  it('is registered with its parents and the compose that it is a respin of', async () => {
    await reserve({ id: '1' }, FEDORA);
    expect(
      idOf(
        await reserve({
          id: '2',
          parentPungiComposeIds: ['Fedora-43-20261122.t.0'],
          respinOf: 'Fedora-43-20261122.t.0',
        }),
      ),
    ).toBe('odcs-2-1-20261122.t.0');
    expect(cts.composes[1]).toMatchObject({ parents: ['Fedora-43-20261122.t.0'], respinOf: 'Fedora-43-20261122.t.0' });
  });

  it('is registered once, however often its id is reserved', async () => {
    await reserve({ id: '1' }, FEDORA);
    await reserve({ id: '2' }, FEDORA);
    expect(idOf(await reserve({ id: '1' }, FEDORA))).toBe('Fedora-43-20261122.t.0');
    expect(cts.composes).toHaveLength(2);
    // Except for a later respin.
    expect(idOf(await reserve({ id: '1' }, FEDORA, 1))).toBe('Fedora-43-20261122.t.2');
  });

  it.each<[string, Fault]>([
    ['is cut off', { kind: 'cut-within' }],
    ['does not come', { kind: 'stall' }],
    ['is HTTP 500', { kind: 'status', status: 500 }],
    ['is HTTP 503', { kind: 'status', status: 503 }],
  ])('has one entry, even if the first answer %s', async (_, fault) => {
    cts.fail(fault);
    expect(idOf(await reserve())).toBe('odcs-42-1-20261122.t.0');
    expect(cts.composes).toHaveLength(1);
  });

  it('has one entry after the answer with its id was lost', async () => {
    failNextPost({ kind: 'cut-within' });
    expect(idOf(await reserve())).toBe('odcs-42-1-20261122.t.0');
    expect(posts()).toHaveLength(1);
    expect(cts.composes).toHaveLength(1);
  });

  it('skips a respin only if the service stores no URLs', async () => {
    cts.keepsUrls = false;
    failNextPost({ kind: 'cut-within' });
    expect(idOf(await reserve())).toBe('odcs-42-1-20261122.t.1');
  });
});

/** Other requests are answered. */
function failNextPost(fault: Fault): void {
  const { requests } = cts;
  const push = requests.push.bind(requests);
  requests.push = (...seen) => {
    if (seen[0]?.method === 'POST') {
      requests.push = push;
      cts.fail(fault, 1);
    }
    return push(...seen);
  };
}

describe('The Compose Tracking Service', () => {
  it('is unavailable after several tries', async () => {
    cts.fail({ kind: 'cut' }, 100);
    expect(await reserve()).toMatchObject({
      failure: {
        code: 'UPSTREAM_UNAVAILABLE',
        retryable: true,
        message: namesAll(cts.url),
      },
    });
    expect(cts.requests).toHaveLength(3);
  });

  it('refuses a request once, with its reason', async () => {
    expect(await reserve({ parentPungiComposeIds: ['Nobody-1-20260101.0'] })).toMatchObject({
      failure: {
        code: 'INVALID_SOURCE',
        retryable: false,
        message: namesAll('Nobody-1-20260101.0'),
      },
    });
    expect(posts()).toHaveLength(1);
  });

  it('is not asked again after it refused the token', async () => {
    cts.token = 'another';
    expect(await reserve()).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: namesAll(cts.url, 'HTTP 401') },
    });
    expect(posts()).toHaveLength(1);
  });

  it('gets the token that is valid at the time', async () => {
    cts.token = token = 'renewed';
    expect(idOf(await reserve())).toBe('odcs-42-1-20261122.t.0');
    token = null;
    expect(await reserve({ id: '43' })).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: namesAll('token') },
    });
  });

  it.each(['{"items": 1}', 'no JSON', '{"items":[{"compose_info":{"payload":{"compose":{"id":1}}}}]}'])(
    'is unavailable if it answers %s',
    async (body) => {
      cts.fail({ kind: 'body', body });
      expect(await reserve()).toMatchObject({ failure: { code: 'UPSTREAM_UNAVAILABLE' } });
      expect(cts.composes).toEqual([]);
    },
  );

  it('is unavailable if it answers with the id of another release', async () => {
    failNextPost({
      kind: 'body',
      body: JSON.stringify({ payload: { compose: { id: '../../etc-1-20261122.t.0', date: '20261122', respin: 0 } } }),
    });
    expect(await reserve()).toMatchObject({
      failure: {
        code: 'UPSTREAM_UNAVAILABLE',
        message: namesAll('../../etc-1-20261122.t.0', 'odcs-42-1-20261122.t.0'),
      },
    });
  });
});

describe('The identity of a compose', () => {
  const compose = aCompose({ state: 'GENERATING', attempt: 2 });
  const asked = { release: ownRelease('42'), at: T0, signal: never };

  /** A store of one compose. */
  function storing(patch: (id: string) => void, locked: Compose = compose): Pick<ComposeStore, 'transaction'> {
    const tx = {
      lock: () => Promise.resolve(locked),
      patch: (_: Compose, { pungiComposeId = '' }) => Promise.resolve(patch(pungiComposeId)),
    };
    return { transaction: (work) => work(tx as unknown as ComposeTransaction) };
  }

  it('is kept from an earlier attempt', async () => {
    const known = { ...compose, pungiComposeId: 'odcs-42-1-20261121.t.3' };
    expect(await reserveIdentity({ store: storing(() => {}), tracking: client }, known, asked)).toMatchObject({
      identity: { id: known.pungiComposeId, respin: 3 },
    });
    expect(cts.requests).toEqual([]);
  });

  it('is that of an earlier attempt that died before it stored the id', async () => {
    const dying = storing(
      () => {
        throw new Error('the worker is lost');
      },
      { ...compose, attempt: 1 },
    );
    await expect(
      reserveIdentity({ store: dying, tracking: client }, { ...compose, attempt: 1 }, asked),
    ).rejects.toThrow('the worker is lost');
    const kept: string[] = [];
    await reserveIdentity({ store: storing((id) => void kept.push(id)), tracking: client }, compose, asked);
    expect(kept).toEqual(['odcs-42-1-20261122.t.0']);
    expect(cts.composes).toHaveLength(1);
  });

  it('has a later respin if another compose of this service has the id', async () => {
    const taken = new Set(['odcs-42-1-20261122.t.0', 'odcs-42-1-20261122.t.1']);
    const store = storing((id) => {
      if (taken.has(id)) throw new PungiComposeIdTaken(id);
    });
    expect(await reserveIdentity({ store, tracking: client }, compose, asked)).toMatchObject({
      identity: { id: 'odcs-42-1-20261122.t.2' },
    });
  });

  it('is not stored by an attempt that was superseded', async () => {
    expect(
      await reserveIdentity({ store: storing(() => {}, { ...compose, attempt: 3 }), tracking: client }, compose, asked),
    ).toBeNull();
  });
});
