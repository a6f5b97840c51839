import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { KojiHub } from '../../src/upstreams/koji/koji-hub.ts';
import { findTag } from '../../src/upstreams/koji/tag.ts';
import { namesAll } from '../support/names-all.ts';
import { startFakeKoji, type Breakage, type FakeKoji } from '../support/fake-koji/index.ts';

const never = new AbortController().signal;
const VERSION = { method: 'getAPIVersion', args: [] };

let koji: FakeKoji;
let hub: KojiHub;

beforeEach(async () => {
  koji = await startFakeKoji();
  hub = new KojiHub(koji.profile());
});

afterEach(async () => {
  await hub.close();
  await koji.stop();
});

describe('The transport', () => {
  const passing: [string, Breakage][] = [
    ['answers 503', { kind: 'status', status: 503 }],
    ['answers 500', { kind: 'status', status: 500 }],
    ['cuts its answer', { kind: 'cut' }],
    ['closes the connection', { kind: 'reset' }],
    ['sends XML that is not well-formed', { kind: 'body', body: '<methodResponse><params>' }],
    ['sends bytes that are not UTF-8', { kind: 'body', body: Buffer.from([0x3c, 0xff, 0xfe]) }],
    ['sends a page of HTML', { kind: 'body', body: '<h1>Maintenance</h1>', contentType: 'text/html' }],
    ['stalls half-way', { kind: 'stall' }],
    ['sends nothing', { kind: 'silence' }],
  ];

  it.each(passing)('retries if the hub %s', async (_what, breakage) => {
    hub = new KojiHub(koji.profile({ timeoutMs: 300 }));
    koji.breakNext(breakage, breakage);
    expect(await hub.call(VERSION, z.number(), never)).toEqual({ value: 1 });
    expect(koji.requests).toHaveLength(3);
  });

  it.each(passing)('gives up after three tries if the hub always %s', async (_what, breakage) => {
    hub = new KojiHub(koji.profile({ timeoutMs: 200 }));
    koji.breakNext(breakage, breakage, breakage, breakage);
    expect(await hub.call(VERSION, z.number(), never)).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', retryable: true, message: namesAll(koji.profile().server, '3 times') },
    });
    expect(koji.requests).toHaveLength(3);
  });

  it('names the URL of a hub that refuses the connection', async () => {
    const profile = koji.profile();
    await koji.stop();
    hub = new KojiHub(profile);
    expect(await hub.call(VERSION, z.number(), never)).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: namesAll(profile.server, 'ECONNREFUSED') },
    });
  });

  it.each([401, 403, 404, 301])('does not ask again after HTTP %i, which is permanent', async (status) => {
    koji.breakNext({ kind: 'status', status });
    expect(await hub.call(VERSION, z.number(), never)).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: namesAll(koji.profile().server, `HTTP ${status}`) },
    });
    expect(koji.requests).toHaveLength(1);
  });

  it('does not read more than its bound', async () => {
    hub = new KojiHub(koji.profile({ maxResponseBytes: 1_000 }));
    koji.breakNext({ kind: 'value', value: 'x'.repeat(100_000) });
    expect(await hub.call(VERSION, z.string(), never)).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: namesAll('1000 bytes') },
    });
    expect(koji.requests).toHaveLength(1);
  });

  it('keeps its connections and bounds concurrent requests', async () => {
    hub = new KojiHub(koji.profile({ concurrency: 3 }));
    const hold = koji.hold();
    const asked = Promise.all(Array.from({ length: 20 }, () => hub.call(VERSION, z.number(), never)));
    await hold.waiting(3);
    hold.release();
    expect(await asked).toEqual(Array.from({ length: 20 }, () => ({ value: 1 })));
    expect(koji.mostAtOnce).toBe(3);
    expect(koji.connections).toBe(3);
  });

  it('names the hub in the rejection when it is aborted', async () => {
    const controller = new AbortController();
    const hold = koji.hold();
    const asked = hub.call(VERSION, z.number(), controller.signal);
    await hold.waiting(1);
    const reason = new Error('cancelled');
    controller.abort(reason);
    await expect(asked).rejects.toMatchObject({
      name: 'UpstreamInterrupted',
      upstream: namesAll(koji.profile().server),
      cause: reason,
    });
    hold.release();
  });
});

describe('Faults', () => {
  it.each([
    [1000, 'No such entry in table tag: nope', 'INVALID_SOURCE'],
    [1005, 'build is broken', 'INVALID_SOURCE'],
    [1000, 'Invalid method: getAPIVersion', 'UPSTREAM_UNAVAILABLE'],
    [1002, 'not logged in', 'UPSTREAM_UNAVAILABLE'],
    [1004, 'policy violation', 'UPSTREAM_UNAVAILABLE'],
    [1014, 'Server disabled for maintenance', 'UPSTREAM_UNAVAILABLE'],
    [1019, 'unexpected keyword', 'UPSTREAM_UNAVAILABLE'],
  ])('%i “%s” are %s, and are not retried', async (code, text, expected) => {
    koji.breakNext({ kind: 'fault', code, text });
    expect(await hub.call(VERSION, z.number(), never)).toMatchObject({
      failure: { code: expected, message: namesAll('Koji (fake)', text) },
    });
    expect(koji.requests).toHaveLength(1);
  });

  it('from an error inside the hub are UPSTREAM_UNAVAILABLE, with the error in the details', async () => {
    const text = "<class 'psycopg2.OperationalError'>: gone";
    koji.breakNext({ kind: 'fault', code: 1, text });
    expect(await hub.call(VERSION, z.number(), never)).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: namesAll('getAPIVersion'), details: text },
    });
  });

  it('with a traceback are reduced to the exception', async () => {
    koji.breakNext({
      kind: 'fault',
      code: 1000,
      text: 'Traceback (most recent call last):\n  File "/usr/share/koji-hub/kojihub.py", line 1\nkoji.GenericError: No such tag\n',
    });
    const asked = await hub.call(VERSION, z.number(), never);
    if (!('failure' in asked)) throw new Error('it was answered');
    expect(asked.failure.message).toContain('No such tag');
    expect(asked.failure.message).not.toContain('kojihub.py');
  });
});

describe('Answers of wrong types', () => {
  it.each([
    ['a tag that is a string', 'f43'],
    ['a tag without an id', { name: 'f43' }],
    ['a tag whose id is text', { id: 'one', name: 'f43', arches: '' }],
    ['a list', []],
  ])('are UPSTREAM_UNAVAILABLE: %s', async (_what, value) => {
    koji.breakNext({ kind: 'value', value });
    expect(await findTag(hub, 'f43', null, never)).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: namesAll(koji.profile().server, 'getTag') },
    });
  });

  it('do not occur for a text that XML cannot carry, which is refused without a request', async () => {
    expect(await findTag(hub, 'f43\u0000', null, never)).toMatchObject({ failure: { code: 'INVALID_SOURCE' } });
    expect(koji.requests).toHaveLength(0);
  });
});

describe('Many calls', () => {
  const echo = (value: number) => ({ method: 'echo', args: [value] });

  it('go in multiCalls of bounded size, with results in their order', async () => {
    const questions = Array.from({ length: 1_000 }, (_, index) => echo(index));
    const asked = await hub.callAll(questions, z.tuple([z.number()]), never);
    expect(asked).toEqual({ value: questions.map(({ args }) => args) });
    expect(koji.requests.map(({ method, params }) => [method, (params[0] as unknown[]).length])).toEqual(
      Array.from({ length: 10 }, () => ['multiCall', 100]),
    );
    expect(koji.mostAtOnce).toBeLessThanOrEqual(4);
  });

  it('need no request if there are none', async () => {
    expect(await hub.callAll([], z.number(), never)).toEqual({ value: [] });
    expect(koji.requests).toHaveLength(0);
  });

  it('carry keyword arguments in the form of Koji', async () => {
    koji.addTag('f43');
    expect(
      await hub.callAll(
        [{ method: 'getTag', args: ['f43'], kwargs: { strict: true } }],
        z.object({ name: z.string() }),
        never,
      ),
    ).toEqual({ value: [{ name: 'f43' }] });
  });

  it('have a fault each', async () => {
    const asked = await hub.callEach([echo(1), { method: 'nothing', args: [] }, echo(2)], z.tuple([z.number()]), never);
    expect(asked).toEqual({
      value: [{ value: [1] }, { fault: { faultCode: 1000, faultString: 'Invalid method: nothing' } }, { value: [2] }],
    });
  });

  it.each([
    ['too few answers', [[1]]],
    ['an answer that is neither value nor fault', [[1], 7]],
    ['two values for one', [[1], [1, 2]]],
    ['no list', 'all right'],
  ])('are UPSTREAM_UNAVAILABLE after %s', async (_what, value) => {
    koji.breakNext({ kind: 'value', value });
    expect(await hub.callAll([echo(1), echo(2)], z.unknown(), never)).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE' },
    });
  });

  it('end when one request fails permanently', async () => {
    koji.breakMethod('echo', { kind: 'status', status: 404 });
    const asked = await hub.callAll(
      Array.from({ length: 1_000 }, (_, index) => echo(index)),
      z.unknown(),
      never,
    );
    expect(asked).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: namesAll('HTTP 404') },
    });
    expect(koji.requests.length).toBeLessThan(10);
  });
});
