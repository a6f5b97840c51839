// Remote repositories over a real server: transient failures are retried and resumed, permanent ones are not, and URLs
// outside of the bounds are never requested.

import { randomBytes } from 'node:crypto';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  FORBIDDEN_ADDRESS,
  guardedLookup,
  isPublicAddress,
  refuseUrl,
  type HostLookup,
} from '../../src/upstreams/http/address-guard.ts';
import { answerWith, cutOff, serveFiles, type FileServer } from '../support/file-server.ts';
import { namesAll } from '../support/names-all.ts';
import { writeRawRepository } from '../support/raw-repository.ts';
import { repoSource, resolveRepo, temporaryDirectory } from '../support/repo-source.ts';

let top: string;
let server: FileServer;

beforeEach(async () => {
  top = temporaryDirectory();
  server = await serveFiles(top);
});

afterEach(async () => {
  await server.close();
});

async function failureOf(url: string, options: Parameters<typeof resolveRepo>[1] = {}) {
  const outcome = await resolveRepo(url, options);
  if (!('failure' in outcome)) throw new Error('it was accepted');
  return outcome.failure;
}

describe('A remote repository', () => {
  it('is opened for each arch that replaces $basearch', async () => {
    writeRawRepository(join(top, 'x86_64/os'), [{ name: 'a' }]);
    writeRawRepository(join(top, 'aarch64/os'), [{ name: 'a' }, { name: 'b' }]);
    const outcome = await resolveRepo(`${server.url}/$basearch/os`, {}, { arches: ['aarch64', 'x86_64'] });
    if ('failure' in outcome) throw new Error(outcome.failure.message);
    const { repositories } = outcome.input;
    expect(repositories.map(({ arch, location }) => [arch, location])).toEqual([
      ['aarch64', `${server.url}/aarch64/os/`],
      ['x86_64', `${server.url}/x86_64/os/`],
    ]);
    expect(
      repositories.map(({ packageIndex }) => readFileSync(packageIndex, 'utf8').trim().split('\n').length),
    ).toEqual([2, 1]);
  });

  it('is fetched once if several arches share it', async () => {
    writeRawRepository(join(top, 'all'), [{ name: 'a' }]);
    expect(await resolveRepo(`${server.url}/all/`, {}, { arches: ['aarch64', 'x86_64'] })).toHaveProperty('input');
    expect(server.requests).toHaveLength(4);
  });

  it('is INVALID_SOURCE without a retry if it does not exist', async () => {
    expect(await failureOf(`${server.url}/none`)).toMatchObject({
      code: 'INVALID_SOURCE',
      retryable: false,
      message: namesAll(`${server.url}/none/repodata/repomd.xml`, '404'),
    });
    expect(server.requests).toHaveLength(1);
  });

  it('is retried if it answers 503', async () => {
    writeRawRepository(join(top, 'repo'), [{ name: 'a' }]);
    server.faults.push(answerWith(/repomd/, 503, 2));
    expect(await resolveRepo(`${server.url}/repo`)).toHaveProperty('input');
  });

  it('is UPSTREAM_UNAVAILABLE if it always answers 503', async () => {
    server.faults.push(answerWith(/repomd/, 503, 100));
    expect(await failureOf(`${server.url}/repo`)).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryable: true });
    expect(server.requests).toHaveLength(3);
  });

  it('is UPSTREAM_UNAVAILABLE if it refuses the connection', async () => {
    const port = await unusedPort();
    expect(await failureOf(`http://127.0.0.1:${port}/repo`)).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryable: true,
      message: namesAll(`127.0.0.1:${port}`, 'ECONNREFUSED'),
    });
  });

  it('is UPSTREAM_UNAVAILABLE if it stops sending', async () => {
    writeRawRepository(join(top, 'repo'), [{ name: 'a' }]);
    server.faults.push((request, response, file) => {
      if (!/primary/.test(request.url ?? '') || !file) return false;
      response.writeHead(200, { 'content-length': file.length });
      response.write(file.subarray(0, 10));
      return true;
    });
    expect(await failureOf(`${server.url}/repo`, { timeouts: { connectMs: 1_000, idleMs: 200 } })).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
    });
  });

  it('is INVALID_SOURCE if its metadata has another checksum', async () => {
    writeRawRepository(join(top, 'repo'), [{ name: 'a' }], { primary: { checksum: '0'.repeat(64) } });
    expect(await failureOf(`${server.url}/repo`)).toMatchObject({
      code: 'INVALID_SOURCE',
      message: namesAll('primary.xml.gz', 'sha256'),
    });
  });

  it('is INVALID_SOURCE if its metadata is longer than its size', async () => {
    writeRawRepository(join(top, 'repo'), [{ name: 'a' }], { primary: { size: 50 } });
    expect(await failureOf(`${server.url}/repo`)).toMatchObject({
      code: 'INVALID_SOURCE',
      message: namesAll('primary.xml.gz', '50 bytes'),
    });
  });
});

describe('A package that is downloaded', () => {
  const content = randomBytes(300_000);
  const checksum = createHash('sha256').update(content).digest('hex');

  async function download(wanted: { checksum?: string; sizeBytes?: number } = {}) {
    writeFileSync(join(top, 'a.rpm'), content);
    const source = repoSource();
    const to = join(temporaryDirectory(), 'a.rpm');
    const failure = await source.files.download({
      url: `${server.url}/a.rpm`,
      to,
      sizeBytes: content.length,
      checksumType: 'sha256',
      checksum,
      signal: new AbortController().signal,
      ...wanted,
    });
    await source.close();
    return { failure, to };
  }

  it('is resumed after it was cut off', async () => {
    server.faults.push(cutOff(/a\.rpm/, 100_000, 2));
    const { failure, to } = await download();
    expect(failure).toBeNull();
    expect(readFileSync(to).equals(content)).toBe(true);
    expect(server.requests.length).toBe(3);
    expect(server.requests.slice(1).every((request) => /^\/a\.rpm bytes=[1-9]\d*-$/.test(request))).toBe(true);
  });

  it('starts again if the file changed in between', async () => {
    const other = randomBytes(300_000);
    let requests = 0;
    server.faults.push((request, response) => {
      if (++requests > 1) return false;
      expect(request.headers.range).toBeUndefined();
      response.writeHead(200, { etag: '"another"', 'content-length': other.length });
      response.write(other.subarray(0, 100_000), () => response.destroy());
      return true;
    });
    const { failure, to } = await download();
    expect(failure).toBeNull();
    expect(readFileSync(to).equals(content)).toBe(true);
  });

  it('is refused with another checksum or size', async () => {
    expect((await download({ checksum: '0'.repeat(64) })).failure).toMatchObject({ code: 'INVALID_SOURCE' });
    expect((await download({ sizeBytes: 1_000 })).failure).toMatchObject({ code: 'INVALID_SOURCE' });
  });
});

describe('The bounds', () => {
  const publicOnly = { hostIsLoopback: false, urlAllow: undefined };

  it('refuse connections to addresses that are not public', async () => {
    writeRawRepository(join(top, 'repo'), [{ name: 'a' }]);
    expect(await failureOf(`${server.url}/repo`, publicOnly)).toMatchObject({
      code: 'INVALID_SOURCE',
      message: namesAll(server.url),
    });
    expect(await failureOf(`${server.url.replace('127.0.0.1', 'localhost')}/repo`, publicOnly)).toMatchObject({
      code: 'INVALID_SOURCE',
      message: namesAll('localhost'),
    });
    expect(await failureOf(`${server.url.replace('127.0.0.1', '0x7f.1')}/repo`, publicOnly)).toMatchObject({
      code: 'INVALID_SOURCE',
    });
    expect(server.requests).toEqual([]);
  });

  it('apply to redirects', async () => {
    writeRawRepository(join(top, 'repo'), [{ name: 'a' }]);
    const secret = await serveFiles(top);
    server.faults.push(answerWith(/^\/moved/, 302, 100, { location: `${secret.url}/repo/repodata/repomd.xml` }));
    const bounds = { hostIsLoopback: false, urlAllow: [`${server.url}/`] };
    expect(await failureOf(`${server.url}/moved`, bounds)).toMatchObject({
      code: 'INVALID_SOURCE',
      message: namesAll(`${server.url}/moved`, secret.url),
    });
    expect(secret.requests).toEqual([]);
    await secret.close();
  });

  it('allow redirects inside of them', async () => {
    writeRawRepository(join(top, 'repo'), [{ name: 'a' }]);
    server.faults.push((request, response) => {
      if (!request.url?.startsWith('/moved/')) return false;
      response.writeHead(302, { location: request.url.replace('/moved/', '/repo/') }).end();
      return true;
    });
    expect(
      await resolveRepo(`${server.url}/moved`, { hostIsLoopback: false, urlAllow: [`${server.url}/`] }),
    ).toHaveProperty('input');
  });

  it('end a circle of redirects', async () => {
    server.faults.push(answerWith(/./, 302, 100, { location: '/again' }));
    expect(await failureOf(`${server.url}/repo`)).toMatchObject({
      code: 'INVALID_SOURCE',
      message: namesAll(`${server.url}/repo`),
    });
  });

  it.each([
    ['https://mirror.example/fedora/os', null],
    ['https://mirror.example/fedora', null],
    ['https://mirror.example/fedora-secret/os', /none of the allowed URLs/],
    ['https://mirror.example/fedora/../secret', /none of the allowed URLs/],
    ['https://mirror.example/fedora/%2e%2e/secret', /none of the allowed URLs/],
    ['https://mirror.example/fedora/..%2fsecret', /encoded slash/],
    ['https://mirror.example.evil.example/fedora/', /none of the allowed URLs/],
    ['https://mirror.example@evil.example/fedora/', /user name/],
    ['https://mirror.example:8443/fedora/', /none of the allowed URLs/],
    ['http://mirror.example/fedora/', /none of the allowed URLs/],
    ['ftp://mirror.example/fedora/', /not http/],
  ])('compare URL prefixes by origin and path segments: %s', (url, reason) => {
    const refusal = refuseUrl(new URL(url), {
      urlAllow: ['https://mirror.example/fedora/'],
      hostIsLoopback: false,
    });
    expect(refusal ?? 'allowed').toMatch(reason ?? /^allowed$/);
  });

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
  ])('exclude the address %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['8.8.8.8', '2606:4700:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'])(
    'include the address %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );
});

describe('A name that resolves to a public address first and to loopback later', () => {
  const strict = { urlAllow: undefined, hostIsLoopback: false };
  /** A public address, then `then`. */
  const rebinding = (then: readonly string[]): HostLookup => {
    let asked = 0;
    return (_hostname, _options, callback) =>
      callback(
        null,
        (asked++ === 0 ? ['8.8.8.8'] : then).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
  };
  const ask = (lookup: NonNullable<ReturnType<typeof guardedLookup>>) =>
    new Promise((resolve) =>
      lookup('rebinding.example', { all: true }, (error, addresses) => resolve(error?.code ?? addresses)),
    );

  it.each([[['127.0.0.1']], [['::1']], [['8.8.8.8', '127.0.0.1']]])(
    'is not connected to if it resolves to %s',
    async (then) => {
      writeRawRepository(top, [{ name: 'a' }]);
      const lookup = rebinding(then);
      expect(await ask(guardedLookup(strict, lookup) as NonNullable<ReturnType<typeof guardedLookup>>)).toEqual([
        { address: '8.8.8.8', family: 4 },
      ]);
      const failed = await failureOf(server.url.replace('127.0.0.1', 'rebinding.example'), { ...strict, lookup });
      expect(failed).toMatchObject({
        code: 'INVALID_SOURCE',
        retryable: false,
        message: namesAll('rebinding.example'),
      });
      expect(server.requests).toEqual([]);
    },
  );

  it('is refused at every lookup', async () => {
    const guarded = guardedLookup(strict, rebinding(['127.0.0.1'])) as NonNullable<ReturnType<typeof guardedLookup>>;
    expect(await ask(guarded)).toEqual([{ address: '8.8.8.8', family: 4 }]);
    expect(await ask(guarded)).toBe(FORBIDDEN_ADDRESS);
    expect(await ask(guarded)).toBe(FORBIDDEN_ADDRESS);
  });
});

async function unusedPort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
