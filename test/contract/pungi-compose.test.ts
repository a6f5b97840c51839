// Reading a variant of a published Pungi compose over HTTP.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, describe, expect, it } from 'vitest';
import { readPungiCompose, type PungiComposeContext } from '../../src/sources/pungi-compose/read-pungi-compose.ts';
import { summarizeRpms } from '../../src/sources/pungi-compose/summarize-rpms.ts';
import type { UrlBounds } from '../../src/upstreams/http/address-guard.ts';
import { HttpClient } from '../../src/upstreams/http/http-client.ts';
import { namesAll } from '../support/names-all.ts';
import {
  rpmsJson,
  startPublishedCompose,
  type PublishedRpm,
  type PublishedRpms,
} from '../support/published-compose.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
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
  bounds: UrlBounds = { urlAllow: undefined, hostIsLoopback: true },
) {
  const compose = await startPublishedCompose(rpms);
  const client = new HttpClient({
    guard: { bounds },
    timeouts: { connectMs: 1_000, idleMs: 250 },
    connections: 2,
    retry: { attempts: 3, firstPauseMs: 1 },
  });
  const scratch = await mkdtemp(join(tmpdir(), 'pungi-compose-'));
  cleanups.push(
    async () => await compose.close(),
    async () => await client.close(),
    async () => await rm(scratch, { recursive: true, force: true }),
  );
  const context: PungiComposeContext = {
    client,
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

describe('readPungiCompose', () => {
  it.each(['Server', 'Server/', 'Server/x86_64/os/', 'Server?token=x'])(
    'returns arches, builds, packages and sigkeys of the variant at …/compose/%s',
    async (path) => {
      const { compose, context } = await setUp();
      expect(await readPungiCompose(compose.urlOf(path), context)).toEqual({ value: SERVER });
      expect(compose.requests.map(({ url }) => url)).toEqual([
        expect.stringMatching(/\/compose\/metadata\/rpms\.json(\?token=x)?$/),
      ]);
    },
  );

  it('returns an empty sigkey for unsigned packages, after the others', async () => {
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
    expect(await readPungiCompose(compose.urlOf('Server'), context)).toMatchObject({
      value: { sigkeys: ['f0', ''] },
    });
  });

  it('fails for an unknown variant, and names the variants', async () => {
    const { compose, context } = await setUp();
    expect(await readPungiCompose(compose.urlOf('Workstation'), context)).toMatchObject({
      failure: {
        code: 'INVALID_SOURCE',
        message: namesAll('Workstation', 'Empty, Server'),
      },
    });
    expect(await readPungiCompose(compose.urlOf('constructor'), context)).toMatchObject({
      failure: { code: 'INVALID_SOURCE' },
    });
  });

  it('fails for a variant without packages', async () => {
    const { compose, context } = await setUp();
    expect(await readPungiCompose(compose.urlOf('Empty'), context)).toMatchObject({
      failure: { code: 'INVALID_SOURCE', message: namesAll('Empty') },
    });
  });

  it('fails when there is no rpms.json', async () => {
    const { compose, context } = await setUp();
    expect(await readPungiCompose(`${compose.url}/elsewhere/compose/Server`, context)).toMatchObject({
      failure: { code: 'INVALID_SOURCE', message: namesAll('/elsewhere/compose/metadata/rpms.json', '404') },
    });
  });

  it.each([
    'https://host',
    'ftp://host/compose/Server',
    'not a URL',
    '/srv/compose/Server',
    'https://host/compose/%ff',
  ])('fails for %s, which is not the URL of a variant', async (url) => {
    const { context } = await setUp();
    expect(await readPungiCompose(url, context)).toMatchObject({ failure: { code: 'INVALID_SOURCE' } });
  });

  it('does not request a forbidden URL', async () => {
    const { compose, context } = await setUp(
      RPMS,
      {},
      { urlAllow: ['https://kojipkgs.example.com/'], hostIsLoopback: false },
    );
    expect(await readPungiCompose(compose.urlOf('Server'), context)).toMatchObject({
      failure: { code: 'INVALID_SOURCE', message: namesAll(compose.url) },
    });
    expect(compose.requests).toHaveLength(0);
  });

  it('does not read an rpms.json that is too large', async () => {
    const { compose, context } = await setUp(RPMS, { maxBytes: 100 });
    expect(await readPungiCompose(compose.urlOf('Server'), context)).toMatchObject({
      failure: { code: 'INVALID_SOURCE', message: namesAll('100 bytes') },
    });
  });

  it.each([{ kind: 'cut' }, { kind: 'cut-within' }, { kind: 'stall' }, { kind: 'status', status: 503 }] as const)(
    'succeeds after a transient problem ($kind)',
    async (fault) => {
      const { compose, context } = await setUp();
      compose.fail(fault, 2);
      expect(await readPungiCompose(compose.urlOf('Server'), context)).toMatchObject({ value: SERVER });
    },
  );

  it.each([{ kind: 'cut' }, { kind: 'cut-within' }, { kind: 'stall' }, { kind: 'status', status: 500 }] as const)(
    'fails with UPSTREAM_UNAVAILABLE after a lasting problem ($kind)',
    async (fault) => {
      const { compose, context } = await setUp();
      compose.fail(fault, 99);
      expect(await readPungiCompose(compose.urlOf('Server'), context)).toMatchObject({
        failure: { code: 'UPSTREAM_UNAVAILABLE', retryable: true },
      });
    },
  );

  const header = '"header": {"type": "productmd.rpms", "version": "1.2"}';
  it.each([
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
  ])('fails with INVALID_SOURCE for an invalid rpms.json: %s', async (body) => {
    const { compose, context } = await setUp();
    compose.fail({ kind: 'body', body });
    expect(await readPungiCompose(compose.urlOf('Server'), context)).toMatchObject({
      failure: { code: 'INVALID_SOURCE', retryable: false },
    });
  });

  it('reads a large rpms.json without blocking the event loop', async () => {
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
    const expected = summarizeRpms(body, 'Server');
    const inline = performance.now() - began;
    const loop = monitorEventLoopDelay({ resolution: 1 });
    loop.enable();
    const result = await readPungiCompose(compose.urlOf('Server'), context);
    loop.disable();
    if (!('summary' in expected)) throw new Error(expected.problem);
    expect(result).toEqual({ value: expected.summary });
    expect(expected.summary.arches).toEqual(['x86_64']);
    // Compared with the same work in the main thread. The rest is this test's server.
    expect(loop.max / 1e6).toBeLessThan(inline / 2);
  });

  it('rejects after an abort', async () => {
    const control = new AbortController();
    const reason = new Error('cancelled');
    const { compose, context } = await setUp(RPMS, { signal: control.signal });
    compose.fail({ kind: 'stall' }, 99);
    const reading = readPungiCompose(compose.urlOf('Server'), context);
    await expect.poll(() => compose.requests.length).toBe(1);
    control.abort(reason);
    await expect(reading).rejects.toMatchObject({ name: 'UpstreamInterrupted', cause: reason });
  });
});
