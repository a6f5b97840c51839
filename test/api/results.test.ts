import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, unusedApi, type TestServer } from '../support/http.ts';

let directory: string;
let server: TestServer;

async function put(path: string, text: string): Promise<void> {
  const file = join(directory, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'odcs-served-'));
  await put('outside/secret.txt', 'secret');
  await put('main/.odcs-instance', 'secret');
  await put('main/.attempts/2.1/compose/a.rpm', 'secret');
  await put('main/.logs/1/1.log', 'secret');
  await put('main/stray.txt', 'secret');
  await put('main/odcs-1/STATUS', 'FINISHED\n');
  await put('main/odcs-1/work/global.conf', 'secret');
  await put('main/odcs-1/pungi.json', 'secret');
  await put('main/odcs-1/.hidden', 'secret');
  await put('main/odcs-1/odcs-1.repo', '[odcs-1]\n');
  await put('main/odcs-1/logs/global/pungi.global.log', 'a line\n');
  await put('main/odcs-1/logs/global/traceback-1.global.log', 'secret');
  await put('main/odcs-1/compose/.dot/x', 'secret');
  await put('main/odcs-1/compose/Temporary/odcs-1.repo', '[odcs-1]\n');
  await put('main/odcs-1/compose/Temporary/x86_64/os/Packages/a.rpm', '0123456789');
  await put('main/odcs-1/compose/Temporary/x86_64/os/repodata/primary.xml.gz', 'gz');
  await put('main/odcs-1/compose/odd name #1 100%.txt', 'odd');
  await put('main/odcs-1/compose/page.html', '<script>alert(1)</script>');
  await put('main/odcs-10/compose/b.txt', 'b');
  await put('main/odcs-9/compose/c.txt', 'c');
  await put('other/odcs-3/compose/d.txt', 'd');
  const inCompose = join(directory, 'main/odcs-1/compose');
  await symlink('Temporary/odcs-1.repo', join(inCompose, 'inside'));
  await symlink('../../../outside/secret.txt', join(inCompose, 'out'));
  await symlink('../../../outside', join(inCompose, 'out-directory'));
  await symlink('../work/global.conf', join(inCompose, 'to-work'));
  await symlink('../../odcs-10/compose/b.txt', join(inCompose, 'to-other-compose'));
  await symlink('loop', join(inCompose, 'loop'));
  await symlink('/etc/passwd', join(inCompose, 'passwd'));
  await mkdir(join(directory, 'main/production'));
  await symlink('../odcs-10', join(directory, 'main/production/latest-F-1'));
  await link(join(directory, 'main/odcs-10/compose/b.txt'), join(inCompose, 'linked.txt'));
  server = await startTestServer(unusedApi, {
    targetDirs: { default: join(directory, 'main'), other: join(directory, 'other') },
  });
});
afterAll(async () => {
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Sends the path unchanged. fetch would resolve dots in it. */
function raw(path: string, method = 'GET', headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    request({ hostname, port, path, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    })
      .on('error', reject)
      .end();
  });
}

const RPM = '/composes/odcs-1/compose/Temporary/x86_64/os/Packages/a.rpm';

describe('a file of a compose', () => {
  it.each([
    [RPM, 'application/x-rpm', '0123456789'],
    ['/composes/odcs-1/compose/Temporary/odcs-1.repo', 'text/plain; charset=utf-8', '[odcs-1]\n'],
    ['/composes/odcs-1/odcs-1.repo', 'text/plain; charset=utf-8', '[odcs-1]\n'],
    ['/composes/odcs-1/STATUS', 'text/plain; charset=utf-8', 'FINISHED\n'],
    ['/composes/odcs-1/logs/global/pungi.global.log', 'text/plain; charset=utf-8', 'a line\n'],
    ['/composes/odcs-1/compose/Temporary/x86_64/os/repodata/primary.xml.gz', 'application/gzip', 'gz'],
    ['/composes/odcs-1/compose/odd%20name%20%231%20100%25.txt', 'text/plain; charset=utf-8', 'odd'],
    ['/composes/odcs-1/compose/inside', 'application/octet-stream', '[odcs-1]\n'],
    ['/composes/odcs-1/compose/linked.txt', 'text/plain; charset=utf-8', 'b'],
    ['/composes/odcs-3/compose/d.txt', 'text/plain; charset=utf-8', 'd'],
    ['/composes/production/latest-F-1/compose/b.txt', 'text/plain; charset=utf-8', 'b'],
    ['/composes/odcs-1/STATUS?x=1', 'text/plain; charset=utf-8', 'FINISHED\n'],
  ])('%s is served as %s', async (path, type, body) => {
    const answer = await raw(path);
    expect(answer).toMatchObject({
      status: 200,
      body,
      headers: { 'content-type': type, 'x-content-type-options': 'nosniff', 'accept-ranges': 'bytes' },
    });
    expect(answer.headers['content-encoding']).toBeUndefined();
    expect(answer.headers['etag']).toBeTruthy();
    const head = await raw(path, 'HEAD');
    expect(head).toMatchObject({
      status: 200,
      body: '',
      headers: { 'content-length': String(body.length), 'content-type': type },
    });
  });

  it('is served in ranges', async () => {
    expect(await raw(RPM, 'GET', { range: 'bytes=2-4' })).toMatchObject({
      status: 206,
      body: '234',
      headers: { 'content-range': 'bytes 2-4/10', 'content-length': '3' },
    });
    expect(await raw(RPM, 'GET', { range: 'bytes=7-' })).toMatchObject({ status: 206, body: '789' });
    expect(await raw(RPM, 'GET', { range: 'bytes=-2' })).toMatchObject({ status: 206, body: '89' });
    expect(await raw(RPM, 'GET', { range: 'bytes=20-' })).toMatchObject({
      status: 416,
      headers: { 'content-range': 'bytes */10' },
    });
  });

  it('is not sent again to a client that has it', async () => {
    const { headers } = await raw(RPM);
    expect(await raw(RPM, 'GET', { 'if-none-match': String(headers['etag']) })).toMatchObject({
      status: 304,
      body: '',
    });
    expect(await raw(RPM, 'GET', { 'if-modified-since': String(headers['last-modified']) })).toMatchObject({
      status: 304,
      body: '',
    });
    expect(await raw(RPM, 'GET', { 'if-none-match': '"other"' })).toMatchObject({ status: 200 });
    expect(await raw(RPM, 'GET', { 'if-range': '"other"', range: 'bytes=0-1' })).toMatchObject({
      status: 200,
      body: '0123456789',
    });
  });

  it('cannot run scripts on this origin if it is an HTML page', async () => {
    const { headers } = await raw('/composes/odcs-1/compose/page.html');
    expect(headers['content-type']).toBe('application/octet-stream');
    expect(headers['content-security-policy']).toContain('sandbox');
  });
});

describe('other paths and methods', () => {
  it.each([
    '/composes/.odcs-instance',
    '/composes/.attempts/2.1/compose/a.rpm',
    '/composes/.attempts/',
    '/composes/.logs/1/1.log',
    '/composes/.trash/',
    '/composes/stray.txt',
    '/composes/odcs-1/work/global.conf',
    '/composes/odcs-1/work/',
    '/composes/odcs-1/pungi.json',
    '/composes/odcs-1/.hidden',
    '/composes/odcs-1/compose/.dot/x',
    '/composes/odcs-1/logs/global/traceback-1.global.log',
    '/composes/odcs-1/compose/out',
    '/composes/odcs-1/compose/out-directory/secret.txt',
    '/composes/odcs-1/compose/out-directory/',
    '/composes/odcs-1/compose/to-work',
    '/composes/odcs-1/compose/to-other-compose',
    '/composes/odcs-1/compose/loop',
    '/composes/odcs-1/compose/passwd',
    '/composes/odcs-1/compose/absent',
    '/composes/odcs-1/STATUS/',
    '/composes/odcs-1/STATUS/x',
    '/composes/odcs-01/STATUS',
    '/composes/odcs-1x/STATUS',
    '/composes/../outside/secret.txt',
    '/composes/odcs-1/../.odcs-instance',
    '/composes/odcs-1/compose/../../stray.txt',
    '/composes/odcs-1/compose/../work/global.conf',
    '/composes/%2e%2e/outside/secret.txt',
    '/composes/odcs-1/%2e%2e/%2e%2e/outside/secret.txt',
    '/composes/odcs-1/compose/%2e%2e/work/global.conf',
    '/composes/odcs-1/compose/..%2fwork%2fglobal.conf',
    '/composes/..%2f..%2foutside%2fsecret.txt',
    '/composes/%2e%2e%2foutside/secret.txt',
    '/composes/%252e%252e/outside/secret.txt',
    '/composes/..%5c..%5coutside/secret.txt',
    '/composes/odcs-1/compose/..\\..\\stray.txt',
    '/composes/odcs-1/STATUS%00.repo',
    '/composes/odcs-1/%00',
    '/composes/odcs-1/%ff%fe',
    '/composes/odcs-1/%zz',
    '/composes//etc/passwd',
    '/composes/odcs-1//etc/passwd',
    '/composes/odcs-1/compose/%c0%ae%c0%ae/work/global.conf',
    `/composes/odcs-1/compose/${'a'.repeat(5_000)}`,
  ])('%s is not served', async (path) => {
    const answer = await raw(path);
    expect([400, 404, 414]).toContain(answer.status);
    expect(answer.body).not.toMatch(/secret|root:|odcs-served/);
    expect([400, 404, 414]).toContain((await raw(path, 'HEAD')).status);
  });

  it.each(['PUT', 'POST', 'DELETE', 'PATCH'])('%s is not served', async (method) => {
    expect((await raw('/composes/odcs-1/STATUS', method)).status).toBe(404);
  });
});

describe('a directory', () => {
  const names = (html: string) => [...html.matchAll(/<a href="[^"]*">([^<]*)<\/a>/g)].map(([, name]) => name);

  it('lists the composes of all target directories, newest first', async () => {
    const { status, body, headers } = await raw('/composes/');
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'text/html; charset=utf-8' });
    expect(names(body)).toEqual(['odcs-10/', 'odcs-9/', 'odcs-3/', 'odcs-1/', 'production/']);
  });

  it('lists only files that are served', async () => {
    expect(names((await raw('/composes/odcs-1/')).body)).toEqual(['../', 'compose/', 'logs/', 'STATUS', 'odcs-1.repo']);
    expect(names((await raw('/composes/odcs-1/logs/global/')).body)).toEqual(['../', 'pungi.global.log']);
    expect(names((await raw('/composes/odcs-1/compose/')).body)).toEqual([
      '../',
      'Temporary/',
      'inside',
      'linked.txt',
      'odd name #1 100%.txt',
      'page.html',
    ]);
  });

  it('has links that work for any name', async () => {
    const { body } = await raw('/composes/odcs-1/compose/');
    const href = /<a href="([^"]*)">odd name/.exec(body)?.[1] ?? '';
    const answer = await fetch(new URL(href, `${server.url}/composes/odcs-1/compose/`));
    expect(await answer.text()).toBe('odd');
  });

  it('is found without the slash at its end', async () => {
    const answer = await fetch(`${server.url}/composes/odcs-1/compose`);
    expect({ status: answer.status, url: answer.url, redirected: answer.redirected }).toEqual({
      status: 200,
      url: `${server.url}/composes/odcs-1/compose/`,
      redirected: true,
    });
    expect((await fetch(`${server.url}/composes`)).url).toBe(`${server.url}/composes/`);
  });
});
