import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { refused } from '../../src/compose/refusal.ts';
import type { HttpOptions } from '../../src/http/options.ts';
import { InMemoryApi } from '../support/in-memory-api.ts';
import { httpService } from '../../src/http/service.ts';
import { Results, startTestServer, testOptions } from '../support/http.ts';

async function start(overrides: Partial<HttpOptions> = {}) {
  const api = new InMemoryApi();
  const server = await startTestServer(api, overrides);
  onTestFinished(() => server.stop());
  return { api, server };
}

describe('a browser', () => {
  it('sees a landing page with the schema at /graphql, also without the internet', async () => {
    const { server } = await start();
    const page = await fetch(`${server.url}/graphql`, { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-type')).toContain('text/html');
    const html = await page.text();
    expect(html).toContain('Apollo');
    expect(html).toContain('createCompose(input: CreateComposeInput!): CreateComposePayload!');
    expect(await (await fetch(`${server.url}/schema.graphql`)).text()).toContain('input ComposeSourceInput @oneOf');
    expect((await fetch(server.url, { redirect: 'manual' })).headers.get('location')).toBe('/graphql');
  });
});

describe('health', () => {
  it('is alive, and ready when all that it needs is', async () => {
    const { server } = await start();
    expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ status: 'alive' });
    const ready = await fetch(`${server.url}/readyz`);
    expect({ status: ready.status, body: await ready.json() }).toEqual({
      status: 200,
      body: { status: 'ready', checks: { database: true } },
    });
  });

  it('names what is not ready', async () => {
    const { server } = await start({ readiness: async () => ({ database: true, listener: 'is not connected' }) });
    const answer = await fetch(`${server.url}/readyz`);
    expect({ status: answer.status, body: await answer.json() }).toEqual({
      status: 503,
      body: { status: 'not ready', checks: { database: true, listener: 'is not connected' } },
    });
    const { server: broken } = await start({ readiness: () => Promise.reject(new Error('secret')) });
    expect((await fetch(`${broken.url}/readyz`)).status).toBe(503);
  });
});

describe('authentication', () => {
  it('that fails is UNAUTHENTICATED over HTTP and closes a WebSocket', async () => {
    const { server } = await start({
      auth: { name: 'never', authenticate: async () => refused({ code: 'UNAUTHENTICATED', message: 'Who are you?' }) },
    });
    expect(await server.query('{ about { version } }')).toMatchObject({
      status: 401,
      errors: [{ message: 'Who are you?', extensions: { code: 'UNAUTHENTICATED', retryable: false } }],
    });
    const results = new Results(server.client(), { query: '{ about { version } }' });
    await results.completed;
    expect(results.problems).toHaveLength(1);
  });
});

describe('stopping', () => {
  it('lets requests end, tells WebSocket clients to go, and may be asked for twice', async () => {
    const { api, server } = await start();
    api.insert();
    const watching = new Results(server.client(), { query: 'subscription { composeChanged(id: "1") { seq } }' });
    await watching.count(1);
    let finish = () => {};
    const reached = new Promise<void>((resolve) => {
      api.store.count = () => {
        resolve();
        return new Promise((answer) => (finish = () => answer({ count: 1, isEstimate: false })));
      };
    });
    const slow = fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ composes { totalCount } }' }),
    });
    await reached;
    const stopped = Promise.all([server.service.stop(), server.service.stop()]);
    await watching.completed;
    finish();
    const answer = await slow;
    expect({ body: await answer.json(), connection: answer.headers.get('connection') }).toEqual({
      body: { data: { composes: { totalCount: 1 } } },
      connection: 'close',
    });
    await stopped;
    expect(api.followers).toBe(0);
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow('fetch failed');
  });

  it('is bounded: clients that do not go are cut off', async () => {
    const { api, server } = await start({ limits: { stopMs: 200 } });
    api.store.count = () => new Promise(() => {});
    const { hostname, port } = new URL(server.url);
    const stuck = connect(Number(port), hostname);
    const closed = new Promise((resolve) => stuck.on('close', resolve));
    stuck.on('error', () => {});
    const body = JSON.stringify({ query: '{ composes { totalCount } }' });
    stuck.write(
      `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const mute = connect(Number(port), hostname);
    mute.on('error', () => {});
    await new Promise<void>((resolve) => {
      mute.once('data', () => resolve());
      mute.write(
        'GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
      );
    });
    const startedAt = performance.now();
    await server.service.stop();
    await closed;
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it('is done at once where it was never started', async () => {
    const service = httpService(testOptions(new InMemoryApi()));
    await expect(service.stop()).resolves.toBeUndefined();
  });
});
