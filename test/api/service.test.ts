import { connect } from 'node:net';
import { describe, expect, onTestFinished } from 'vitest';
import type { Api } from '../../src/app/api.ts';
import { firstOf } from '../../src/auth/registry.ts';
import { granted, refused } from '../../src/compose/refusal.ts';
import type { HttpOptions } from '../../src/http/options.ts';
import { httpService } from '../../src/http/service.ts';
import { apiTest as it } from '../support/fixtures.ts';
import { eventually, Results, startTestServer, testOptions, unusedApi } from '../support/http.ts';
import { aViewer } from '../support/request-rules.ts';

async function start(api: Api, overrides: Partial<HttpOptions> = {}) {
  const server = await startTestServer(api, overrides);
  onTestFinished(() => server.stop());
  return server;
}

const COUNT = '{ composes { totalCount } }';

describe('/graphql in a browser', () => {
  it('is a landing page with the schema, also without the internet', async () => {
    const server = await start(unusedApi);
    const page = await fetch(`${server.url}/graphql`, { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-type')).toContain('text/html');
    const html = await page.text();
    expect(html).toContain('Apollo');
    expect(html).toContain('input ComposeSourceInput @oneOf');
    expect(await (await fetch(`${server.url}/schema.graphql`)).text()).toContain('input ComposeSourceInput @oneOf');
    expect((await fetch(server.url, { redirect: 'manual' })).headers.get('location')).toBe('/graphql');
  });
});

describe('/healthz and /readyz', () => {
  it('answer 200 when every check passes', async () => {
    const server = await start(unusedApi);
    expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ status: 'alive' });
    const ready = await fetch(`${server.url}/readyz`);
    expect({ status: ready.status, body: await ready.json() }).toEqual({
      status: 200,
      body: { status: 'ready', checks: { database: true } },
    });
  });

  it('/readyz answers 503 with the checks that fail', async () => {
    const server = await start(unusedApi, {
      readiness: async () => ({ database: true, listener: 'is not connected' }),
    });
    const answer = await fetch(`${server.url}/readyz`);
    expect({ status: answer.status, body: await answer.json() }).toEqual({
      status: 503,
      body: { status: 'not ready', checks: { database: true, listener: 'is not connected' } },
    });
    const broken = await start(unusedApi, { readiness: () => Promise.reject(new Error('secret')) });
    expect((await fetch(`${broken.url}/readyz`)).status).toBe(503);
  });
});

describe('authentication', () => {
  it('that fails is UNAUTHENTICATED over HTTP and closes a WebSocket', async () => {
    const server = await start(unusedApi, {
      auth: firstOf([
        { authenticate: async () => refused({ code: 'UNAUTHENTICATED', message: 'The token has expired' }) },
      ]),
    });
    expect(await server.query('{ viewer { name } }')).toMatchObject({
      status: 401,
      errors: [{ message: 'The token has expired', extensions: { code: 'UNAUTHENTICATED', retryable: false } }],
    });
    const results = new Results(server.client(), { query: '{ viewer { name } }' });
    await results.completed;
    expect(results.problems).toHaveLength(1);
  });

  it('takes the viewer of the first authenticator that finds its credentials', async () => {
    const server = await start(unusedApi, {
      auth: firstOf([
        { authenticate: async ({ headers }) => (headers['x-user'] ? granted(aViewer('header')) : null) },
        { authenticate: async () => granted(aViewer('fallback')) },
      ]),
    });
    expect((await server.query('{ viewer { name } }')).data).toEqual({ viewer: { name: 'fallback' } });
    const named = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-user': 'ann' },
      body: JSON.stringify({ query: '{ viewer { name } }' }),
    });
    expect(await named.json()).toEqual({ data: { viewer: { name: 'header' } } });
  });

  it('is refused when no authenticator finds credentials', async () => {
    const server = await start(unusedApi, { auth: firstOf([{ authenticate: async () => null }]) });
    expect(await server.query('{ viewer { name } }')).toMatchObject({
      status: 401,
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
  });

  it('closes every authenticator', async () => {
    const closed: string[] = [];
    const authenticator = (name: string) => ({
      authenticate: async () => null,
      close: async () => void closed.push(name),
    });
    await firstOf([authenticator('a'), { authenticate: async () => null }, authenticator('b')]).close();
    expect(closed).toEqual(['a', 'b']);
  });
});

describe('stop', () => {
  it('waits for requests, asks WebSocket clients to disconnect, and may be called twice', async ({ odcs }) => {
    let finish = () => {};
    let reached = () => {};
    const isReached = new Promise<void>((resolve) => (reached = resolve));
    const server = await start({
      ...odcs.api,
      count: () => {
        reached();
        return new Promise((answer) => (finish = () => answer({ count: 1, isEstimate: false })));
      },
    });
    const { id } = await odcs.insert();
    const watching = new Results(server.client(), {
      query: 'subscription ($id: ID!) { composeChanged(id: $id) { seq } }',
      variables: { id },
    });
    await watching.count(1);
    const slow = fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: COUNT }),
    });
    await isReached;
    const stopped = Promise.all([server.service.stop(), server.service.stop()]);
    await watching.completed;
    finish();
    const answer = await slow;
    expect({ body: await answer.json(), connection: answer.headers.get('connection') }).toEqual({
      body: { data: { composes: { totalCount: 1 } } },
      connection: 'close',
    });
    await stopped;
    await eventually('there is no follower', () => odcs.feed.followers === 0);
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow('fetch failed');
  });

  it('closes the connections of clients that do not disconnect in time', async ({ odcs }) => {
    const server = await start({ ...odcs.api, count: () => new Promise(() => {}) }, { limits: { stopMs: 200 } });
    const { hostname, port } = new URL(server.url);
    const stuck = connect(Number(port), hostname);
    const closed = new Promise((resolve) => stuck.on('close', resolve));
    stuck.on('error', () => {});
    const body = JSON.stringify({ query: COUNT });
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

  it('resolves at once when the service was never started', async () => {
    const service = httpService(testOptions(unusedApi));
    await expect(service.stop()).resolves.toBeUndefined();
  });
});
