// Variants of published Pungi composes, over HTTP.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, expect, test } from 'vitest';
import { readPungiCompose, type PungiComposeContext } from '../../src/sources/pungi-compose/read-pungi-compose.ts';
import { summarize } from '../../src/sources/pungi-compose/summary.ts';
import { HttpClient } from '../../src/upstreams/http/http-client.ts';
import {
  rpmsJson,
  startPublishedCompose,
  type PublishedRpm,
  type PublishedRpms,
} from '../support/published-compose.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const RPMS: PublishedRpms = {
  Server: {
    x86_64: {
      'bash-0:5.2.26-3.fc40.src': [
        { nevra: 'bash-0:5.2.26-3.fc40.src', category: 'source', sigkey: 'a15b79cc' },
        { nevra: 'bash-0:5.2.26-3.fc40.x86_64', sigkey: 'a15b79cc' },
        { nevra: 'bash-doc-0:5.2.26-3.fc40.x86_64', sigkey: 'a15b79cc' },
        { nevra: 'bash-debuginfo-0:5.2.26-3.fc40.x86_64', category: 'debug', sigkey: 'a15b79cc' },
      ],
      'dash-1:0.5.12-2.fc40.src': [{ nevra: 'dash-1:0.5.12-2.fc40.x86_64', sigkey: '0b86274e' }],
    },
    s390x: { 'bash-0:5.2.26-3.fc40.src': [{ nevra: 'bash-0:5.2.26-3.fc40.s390x', sigkey: 'a15b79cc' }] },
  },
  Empty: { x86_64: {} },
};

async function setUp(
  rpms: PublishedRpms = RPMS,
  more: Partial<PungiComposeContext> = {},
  bounds = { repoRoots: [], urlAllow: undefined as readonly string[] | undefined, hostIsLoopback: true },
) {
  const compose = await startPublishedCompose(rpms);
  const client = new HttpClient(bounds, { connectMs: 1_000, idleMs: 250 }, 2);
  const scratch = await mkdtemp(join(tmpdir(), 'pungi-compose-'));
  ends.push(
    async () => await compose.close(),
    async () => await client.close(),
    async () => await rm(scratch, { recursive: true, force: true }),
  );
  const context: PungiComposeContext = {
    client,
    retry: { attempts: 3, firstPauseMs: 1 },
    scratch,
    signal: new AbortController().signal,
    ...more,
  };
  return { compose, context };
}

const SERVER = {
  composeId: 'Fedora-40-20261122.n.0',
  arches: ['s390x', 'x86_64'],
  builds: ['bash-5.2.26-3.fc40', 'dash-0.5.12-2.fc40'],
  packages: ['bash', 'bash-doc', 'dash'],
  sigkeys: ['0b86274e', 'a15b79cc'],
};

test.each(['Server', 'Server/', 'Server/x86_64/os/', 'Server?token=x'])(
  'a variant’s URL (…/compose/%s) gives its arches, builds, packages and signing keys',
  async (end) => {
    const { compose, context } = await setUp();
    expect(await readPungiCompose(compose.urlOf(end), context)).toEqual({ summary: SERVER });
    expect(compose.requests.map(({ url }) => url)).toEqual([
      expect.stringMatching(/\/compose\/metadata\/rpms\.json(\?token=x)?$/),
    ]);
  },
);

test('unsigned packages are an empty signing key, after the others', async () => {
  const { compose, context } = await setUp({
    Server: {
      x86_64: {
        'a-0:1-1.src': [
          { nevra: 'a-0:1-1.noarch', sigkey: null },
          { nevra: 'b-0:1-1.noarch', sigkey: 'f0' },
        ],
      },
    },
  });
  expect(await readPungiCompose(compose.urlOf('Server'), context)).toMatchObject({ summary: { sigkeys: ['f0', ''] } });
});

test('a variant that is not there fails, and tells which are', async () => {
  const { compose, context } = await setUp();
  expect(await readPungiCompose(compose.urlOf('Workstation'), context)).toMatchObject({
    failure: {
      code: 'INVALID_SOURCE',
      message: expect.stringContaining('knows no variant Workstation; it has Empty, Server'),
    },
  });
  expect(await readPungiCompose(compose.urlOf('constructor'), context)).toMatchObject({
    failure: { code: 'INVALID_SOURCE' },
  });
});

test('a variant without packages fails', async () => {
  const { compose, context } = await setUp();
  expect(await readPungiCompose(compose.urlOf('Empty'), context)).toMatchObject({
    failure: { code: 'INVALID_SOURCE', message: expect.stringContaining('Empty') },
  });
});

test('a URL beside which there is no rpms.json fails', async () => {
  const { compose, context } = await setUp();
  expect(await readPungiCompose(`${compose.url}/elsewhere/compose/Server`, context)).toMatchObject({
    failure: { code: 'INVALID_SOURCE', message: expect.stringContaining('There is nothing at') },
  });
});

test.each([
  'https://host',
  'ftp://host/compose/Server',
  'not a URL',
  '/srv/compose/Server',
  'https://host/compose/%ff',
])('%s is no URL of a variant', async (url) => {
  const { context } = await setUp();
  expect(await readPungiCompose(url, context)).toMatchObject({ failure: { code: 'INVALID_SOURCE' } });
});

test('a URL that may not be asked is not asked', async () => {
  const { compose, context } = await setUp(
    RPMS,
    {},
    { repoRoots: [], urlAllow: ['https://kojipkgs.example.com/'], hostIsLoopback: false },
  );
  expect(await readPungiCompose(compose.urlOf('Server'), context)).toMatchObject({
    failure: { code: 'INVALID_SOURCE', message: expect.stringContaining('may not be asked') },
  });
  expect(compose.requests).toHaveLength(0);
});

test('an rpms.json that is too large is not read', async () => {
  const { compose, context } = await setUp(RPMS, { maxBytes: 100 });
  expect(await readPungiCompose(compose.urlOf('Server'), context)).toMatchObject({
    failure: { code: 'INVALID_SOURCE', message: expect.stringContaining('longer than 100 bytes') },
  });
});

test.each([{ kind: 'cut' }, { kind: 'cut-within' }, { kind: 'stall' }, { kind: 'status', status: 503 }] as const)(
  'trouble that ends ($kind) does not matter',
  async (fault) => {
    const { compose, context } = await setUp();
    compose.fail(fault, 2);
    expect(await readPungiCompose(compose.urlOf('Server'), context)).toMatchObject({ summary: SERVER });
  },
);

test.each([{ kind: 'cut' }, { kind: 'cut-within' }, { kind: 'stall' }, { kind: 'status', status: 500 }] as const)(
  'trouble that does not end ($kind) makes it unavailable',
  async (fault) => {
    const { compose, context } = await setUp();
    compose.fail(fault, 99);
    expect(await readPungiCompose(compose.urlOf('Server'), context)).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', retryable: true },
    });
  },
);

const header = '"header": {"type": "productmd.rpms", "version": "1.2"}';
test.each([
  '<html>',
  '{"payload": ',
  '[]',
  'null',
  '{"header": {"version": "1.2"}, "payload": {"rpms": []}}',
  '{"header": {"version": "2.0"}, "payload": {"rpms": {"Server": {}}}}',
  '{"header": {}, "payload": {"rpms": {"Server": {}}}}',
  `{${header}, "payload": {"rpms": {"Server": {"x86_64": 5}}}}`,
  `{${header}, "payload": {"rpms": {"Server": {"../x": {}}}}}`,
  `{${header}, "payload": {"rpms": {"Server": {"x86_64": {"bash": {}}}}}}`,
  `{${header}, "payload": {"rpms": {"Server": {"x86_64": {"a-0:1-1.src": {"not a package": {}}}}}}}`,
  `{${header}, "payload": {"rpms": {"Server": {"x86_64": {"a-0:1-1.src": {"a-0:1-1.noarch": {"category": "binary", "sigkey": 7}}}}}}}`,
])('what is no rpms.json is an invalid source: %s', async (body) => {
  const { compose, context } = await setUp();
  compose.fail({ kind: 'body', body });
  expect(await readPungiCompose(compose.urlOf('Server'), context)).toMatchObject({
    failure: { code: 'INVALID_SOURCE', retryable: false },
  });
});

test('a large rpms.json is read without holding up the event loop for as long as that takes', async () => {
  const sources = Object.fromEntries(
    Array.from({ length: 40_000 }, (_, index): [string, PublishedRpm[]] => [
      `package-${index}-0:1.0-1.fc40.src`,
      [
        { nevra: `package-${index}-0:1.0-1.fc40.x86_64`, sigkey: 'a15b79cc' },
        { nevra: `package-${index}-libs-0:1.0-1.fc40.x86_64`, sigkey: 'a15b79cc' },
      ],
    ]),
  );
  const { compose, context } = await setUp();
  const body = rpmsJson({ Server: { x86_64: sources } }, 'Fedora-40-20261122.n.0');
  compose.fail({ kind: 'body', body });
  const began = performance.now();
  const expected = summarize(body, 'Server');
  const inline = performance.now() - began;
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const result = await readPungiCompose(compose.urlOf('Server'), context);
  loop.disable();
  expect(result).toEqual(expected);
  expect(expected).toMatchObject({ summary: { arches: ['x86_64'] } });
  // Against the same work on the same machine just now; what remains is the server of this test.
  expect(loop.max / 1e6).toBeLessThan(inline / 2);
});

test('an abort ends the reading', async () => {
  const control = new AbortController();
  const reason = new Error('cancelled');
  const { compose, context } = await setUp(RPMS, { signal: control.signal });
  compose.fail({ kind: 'stall' }, 99);
  const reading = readPungiCompose(compose.urlOf('Server'), context);
  await expect.poll(() => compose.requests.length).toBe(1);
  control.abort(reason);
  await expect(reading).rejects.toBe(reason);
});
