// The one HTTP client against a faulty server: what its failures name, and what they never show.

import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { GitClient } from '../../src/upstreams/git/git-client.ts';
import { HttpClient, readBody, type HttpAnswer } from '../../src/upstreams/http/http-client.ts';
import { JsonClient } from '../../src/upstreams/http/json-client.ts';
import type { Timeouts } from '../../src/upstreams/http/problem.ts';
import { json, startFaultyServer } from '../support/faulty-server.ts';
import { namesAll } from '../support/names-all.ts';
import { supervised } from '../support/process-runner.ts';
import { temporaryDirectory } from '../support/repo-source.ts';

const never = new AbortController().signal;
const SECRET = 'sEcr3t';

async function startServer() {
  const server = await startFaultyServer(() => json({ ok: true }));
  onTestFinished(() => server.close());
  return server;
}

function clientOf(timeouts: Partial<Timeouts> = {}, attempts = 2): HttpClient {
  const client = new HttpClient({
    name: 'Example',
    timeouts: { connectMs: 1_000, idleMs: 1_000, ...timeouts },
    connections: 1,
    retry: { attempts, firstPauseMs: 1 },
  });
  onTestFinished(() => client.close());
  return client;
}

const read = async (answer: HttpAnswer) => ({ value: Buffer.concat((await readBody(answer, 1_000)) ?? []).toString() });

describe('HttpClient', () => {
  it('names the service, its URL, the limit and the tries when the answer does not come in time', async () => {
    const server = await startServer();
    server.fail({ kind: 'stall' }, 99);
    expect(await clientOf({ idleMs: 200 }).request({ url: new URL(server.url), signal: never }, read)).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: namesAll('Example', server.url, '0.2 s', '2 times') },
      status: null,
    });
  });

  it('bounds the time of a whole answer', async () => {
    const server = await startServer();
    server.fail({ kind: 'stall' }, 99);
    const client = clientOf({ totalMs: 100 }, 1);
    expect(await client.request({ url: new URL(server.url), signal: never }, read)).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE', message: namesAll(server.url, '0.1 s') },
    });
  });

  it('rejects with the service and the reason after an abort, also between two tries', async () => {
    const server = await startServer();
    server.fail({ kind: 'cut' }, 99);
    const control = new AbortController();
    const client = new HttpClient({
      name: 'Example',
      timeouts: { connectMs: 1_000, idleMs: 1_000 },
      connections: 1,
      retry: { attempts: 2, firstPauseMs: 60_000 },
    });
    onTestFinished(() => client.close());
    const asking = client.request({ url: new URL(server.url), signal: control.signal }, read);
    await expect.poll(() => server.requests.length).toBe(1);
    control.abort(new Error('cancelled'));
    await expect(asking).rejects.toMatchObject({
      upstream: namesAll('Example', server.url),
      cause: control.signal.reason,
    });
  });

  it('lets errors of the reader pass, which are bugs', async () => {
    const server = await startServer();
    const request = clientOf().request({ url: new URL(server.url), signal: never }, () => {
      throw new TypeError('a bug');
    });
    await expect(request).rejects.toThrow('a bug');
    expect(server.requests).toHaveLength(1);
  });

  it('shows neither credentials nor queries of a URL', async () => {
    const server = await startServer();
    server.fail({ kind: 'status', status: 500 }, 99);
    const url = new URL(`${server.url}/path?token=${SECRET}`);
    url.username = 'odcs';
    url.password = SECRET;
    const { failure } = clientOf().failure(url, {
      what: 'fails',
      code: 'UPSTREAM_UNAVAILABLE',
      isTransient: false,
      status: null,
      advice: 'Wait.',
    });
    expect(failure.message).toContain('/path');
    expect(failure.message).not.toContain(SECRET);
  });
});

describe('JsonClient', () => {
  it('sends credentials of its URL as basic authentication and does not show them', async () => {
    const server = await startServer();
    server.fail({ kind: 'status', status: 401 });
    const url = server.url.replace('://', `://odcs:${SECRET}@`);
    const service = new JsonClient({ name: 'Example', url });
    onTestFinished(() => service.close());
    const answer = await service.request({ path: '/', schema: z.object({}), signal: never });
    expect(answer).toMatchObject({ failure: { message: namesAll(server.url, 'HTTP 401') } });
    expect(JSON.stringify(answer)).not.toContain(SECRET);
    expect(service.url).toBe(server.url);
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from(`odcs:${SECRET}`).toString('base64')}`);
  });
});

describe('GitClient', () => {
  it('does not show credentials of its URL', async () => {
    const server = await startServer();
    server.fail({ kind: 'status', status: 404 }, 99);
    const url = `${server.url.replace('://', `://odcs:${SECRET}@`)}/config.git`;
    const git = new GitClient({
      path: process.env['PATH'] ?? '',
      urls: [url],
      retry: { attempts: 1, firstPauseMs: 0 },
    });
    const context = { run: supervised, scratch: temporaryDirectory(), signal: never };
    const answer = await git.resolve(url, 'main', context);
    expect(answer).toMatchObject({
      failure: { code: 'INVALID_SOURCE', message: namesAll(`${server.url}/config.git`) },
    });
    expect(JSON.stringify(answer)).not.toContain(SECRET);
  });
});
