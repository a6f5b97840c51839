import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { KojiHub } from '../../src/upstreams/koji/koji-hub.ts';
import { findTag } from '../../src/upstreams/koji/tag.ts';
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

describe('the transport', () => {
  const passing: [string, Breakage][] = [
    ['answers 503', { kind: 'status', status: 503 }],
    ['answers 500', { kind: 'status', status: 500 }],
    ['cuts its answer', { kind: 'cut' }],
    ['closes the connection', { kind: 'reset' }],
    ['sends XML that is not well-formed', { kind: 'body', body: '<methodResponse><params>' }],
    ['sends bytes that are not UTF-8', { kind: 'body', body: Buffer.from([0x3c, 0xff, 0xfe]) }],
    ['sends a page of HTML', { kind: 'body', body: '<h1>Maintenance</h1>', contentType: 'text/html' }],
    ['stalls half-way', { kind: 'stall' }],
    ['says nothing', { kind: 'silence' }],
  ];

  it.each(passing)('asks again where the hub %s', async (_what, breakage) => {
    hub = new KojiHub(koji.profile({ timeoutMs: 300 }));
    koji.breakNext(breakage, breakage);
    expect(await hub.ask(VERSION, z.number(), never)).toEqual({ value: 1 });
    expect(koji.requests).toHaveLength(3);
  });

  it.each(passing)('gives up after some tries where the hub always %s', async (_what, breakage) => {
    hub = new KojiHub(koji.profile({ timeoutMs: 200 }));
    koji.breakNext(breakage, breakage, breakage, breakage);
    expect(await hub.ask(VERSION, z.number(), never)).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', retryable: true, message: expect.stringContaining('asked 3 times') },
    });
    expect(koji.requests).toHaveLength(3);
  });

  it('tells of a hub that is not there', async () => {
    const profile = koji.profile();
    await koji.stop();
    hub = new KojiHub(profile);
    expect(await hub.ask(VERSION, z.number(), never)).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: expect.stringContaining('ECONNREFUSED') },
    });
  });

  it.each([401, 403, 404, 301])('does not ask again after HTTP %i, which will not heal', async (status) => {
    koji.breakNext({ kind: 'status', status });
    expect(await hub.ask(VERSION, z.number(), never)).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: expect.stringContaining(`HTTP ${status}`) },
    });
    expect(koji.requests).toHaveLength(1);
  });

  it('reads no more than its bound', async () => {
    hub = new KojiHub(koji.profile({ maxResponseBytes: 1_000 }));
    koji.breakNext({ kind: 'value', value: 'x'.repeat(100_000) });
    expect(await hub.ask(VERSION, z.string(), never)).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: expect.stringContaining('more than 1000 bytes') },
    });
    expect(koji.requests).toHaveLength(1);
  });

  it('keeps its connections, and has no more requests under way than it may', async () => {
    hub = new KojiHub(koji.profile({ concurrency: 3 }));
    const hold = koji.hold();
    const asked = Promise.all(Array.from({ length: 20 }, () => hub.ask(VERSION, z.number(), never)));
    await hold.waiting(3);
    hold.release();
    expect(await asked).toEqual(Array.from({ length: 20 }, () => ({ value: 1 })));
    expect(koji.mostAtOnce).toBe(3);
    expect(koji.connections).toBe(3);
  });

  it('lets go at once when it is aborted', async () => {
    const controller = new AbortController();
    const hold = koji.hold();
    const asked = hub.ask(VERSION, z.number(), controller.signal);
    await hold.waiting(1);
    controller.abort(new Error('cancelled'));
    await expect(asked).rejects.toThrow('cancelled');
    hold.release();
  });
});

describe('faults', () => {
  it.each([
    [1000, 'No such entry in table tag: nope', 'INVALID_SOURCE', 'No such entry in table tag: nope'],
    [1005, 'build is broken', 'INVALID_SOURCE', 'build is broken'],
    [1000, 'Invalid method: getAPIVersion', 'UPSTREAM_UNAVAILABLE', 'does not know the question'],
    [1002, 'not logged in', 'UPSTREAM_UNAVAILABLE', 'without logging in'],
    [1004, 'policy violation', 'UPSTREAM_UNAVAILABLE', 'without logging in'],
    [1014, 'Server disabled for maintenance', 'UPSTREAM_UNAVAILABLE', 'is offline'],
    [1019, 'unexpected keyword', 'UPSTREAM_UNAVAILABLE', 'does not know the question'],
    [1, "<class 'psycopg2.OperationalError'>: gone", 'UPSTREAM_UNAVAILABLE', 'broke while answering'],
  ])('%i “%s” is %s, and never asked again', async (code, text, expected, message) => {
    koji.breakNext({ kind: 'fault', code, text });
    expect(await hub.ask(VERSION, z.number(), never)).toMatchObject({
      failure: { code: expected, message: expect.stringContaining(message) },
    });
    expect(koji.requests).toHaveLength(1);
  });

  it('shows of a traceback only what went wrong', async () => {
    koji.breakNext({
      kind: 'fault',
      code: 1000,
      text: 'Traceback (most recent call last):\n  File "/usr/share/koji-hub/kojihub.py", line 1\nkoji.GenericError: No such tag\n',
    });
    const asked = await hub.ask(VERSION, z.number(), never);
    expect(asked).toMatchObject({ failure: { message: 'Koji (fake): No such tag' } });
  });
});

describe('answers of wrong types', () => {
  it.each([
    ['a tag that is a string', 'f43'],
    ['a tag without an id', { name: 'f43' }],
    ['a tag whose id is text', { id: 'one', name: 'f43', arches: '' }],
    ['a list', []],
  ])('notices %s', async (_what, value) => {
    koji.breakNext({ kind: 'value', value });
    expect(await findTag(hub, 'f43', null, never)).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: "Koji (fake) answered getTag in a form that is not Koji's" },
    });
  });

  it('names a text that XML cannot carry, and asks nobody', async () => {
    expect(await findTag(hub, 'f43\u0000', null, never)).toMatchObject({ failure: { code: 'INVALID_SOURCE' } });
    expect(koji.requests).toHaveLength(0);
  });
});

describe('many questions', () => {
  const echo = (value: number) => ({ method: 'echo', args: [value] });

  it('go in multiCalls of bounded size, and are answered in their order', async () => {
    const questions = Array.from({ length: 1_000 }, (_, index) => echo(index));
    const asked = await hub.askAll(questions, z.tuple([z.number()]), never);
    expect(asked).toEqual({ value: questions.map(({ args }) => args) });
    expect(koji.requests.map(({ method, params }) => [method, (params[0] as unknown[]).length])).toEqual(
      Array.from({ length: 10 }, () => ['multiCall', 100]),
    );
    expect(koji.mostAtOnce).toBeLessThanOrEqual(4);
  });

  it('ask nobody where there are none', async () => {
    expect(await hub.askAll([], z.number(), never)).toEqual({ value: [] });
    expect(koji.requests).toHaveLength(0);
  });

  it('carry keyword arguments as Koji does', async () => {
    koji.addTag('f43');
    expect(
      await hub.askAll(
        [{ method: 'getTag', args: ['f43'], kwargs: { strict: true } }],
        z.object({ name: z.string() }),
        never,
      ),
    ).toEqual({ value: [{ name: 'f43' }] });
  });

  it('tell each its own fault', async () => {
    const asked = await hub.askEach([echo(1), { method: 'nothing', args: [] }, echo(2)], z.tuple([z.number()]), never);
    expect(asked).toEqual({
      value: [{ value: [1] }, { fault: { faultCode: 1000, faultString: 'Invalid method: nothing' } }, { value: [2] }],
    });
  });

  it.each([
    ['too few answers', [[1]]],
    ['an answer that is neither value nor fault', [[1], 7]],
    ['two values for one', [[1], [1, 2]]],
    ['no list', 'all right'],
  ])('notice %s', async (_what, value) => {
    koji.breakNext({ kind: 'value', value });
    expect(await hub.askAll([echo(1), echo(2)], z.unknown(), never)).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE' },
    });
  });

  it('end all when one request fails for good', async () => {
    koji.breakMethod('echo', { kind: 'status', status: 404 });
    const asked = await hub.askAll(
      Array.from({ length: 1_000 }, (_, index) => echo(index)),
      z.unknown(),
      never,
    );
    expect(asked).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: expect.stringContaining('HTTP 404') },
    });
    expect(koji.requests.length).toBeLessThan(10);
  });
});
