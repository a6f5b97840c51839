import { once } from 'node:events';
import { connect } from 'node:net';
import { getIntrospectionQuery } from 'graphql';
import { describe, expect, onTestFinished } from 'vitest';
import { apiTest } from '../support/fixtures.ts';
import { eventually, Results, startTestServer } from '../support/http.ts';
import { keepingLogger } from '../support/logger.ts';

/** `http` has low limits and keeps its log in `entries`. */
const it = apiTest.extend('http', { scope: 'file' }, async ({ odcs }, { onCleanup }) => {
  const { logger, entries } = keepingLogger();
  const http = await startTestServer(odcs.api, { logger, limits: { subscriptionsPerSocket: 3, sockets: 40 } });
  onCleanup(() => http.stop());
  return Object.assign(http, { entries });
});

const CREATE = 'mutation ($request: CreateComposeInput!) { createCompose(input: $request) { compose { id } } }';

const TOO_MUCH: readonly (readonly [what: string, query: string, message: RegExp])[] = [
  ['a document 200 deep', `{ compose(id: "1") { ${'reuses { '.repeat(200)} id ${'}'.repeat(200)} } }`, /depth/i],
  [
    '10,000 aliases',
    `{ ${Array.from({ length: 10_000 }, (_, index) => `a${index}: about { version }`).join(' ')} }`,
    /tokens/i,
  ],
  [
    '100 aliases',
    `{ ${Array.from({ length: 100 }, (_, index) => `a${index}: about { version }`).join(' ')} }`,
    /alias/i,
  ],
  ['fields by the thousand', `{ ${'about { version } '.repeat(1_500)} }`, /selects \d+ fields/i],
  [
    'fragments in a circle',
    '{ compose(id: "1") { ...A } } fragment A on Compose { reuses { ...B } } fragment B on Compose { reuses { ...A } }',
    /fragment "[AB]"/i,
  ],
  [
    'pages of pages',
    '{ composes(first: 100) { nodes { events(first: 100) { nodes { compose { id } } } } } }',
    /costs/i,
  ],
  [
    'fragments of fragments of pages',
    `{ composes { nodes { ...F0 } } } ${Array.from({ length: 12 }, (_, index) => `fragment F${index} on Compose { a${index}: reuses { ...F${index + 1} } b${index}: reuses { ...F${index + 1} } }`).join(' ')} fragment F12 on Compose { id }`,
    /depth|costs|alias/i,
  ],
  [
    'introspection without end',
    `{ __schema { types { ${'fields { type { '.repeat(6)} name ${'} }'.repeat(6)} } } }`,
    /introspection/i,
  ],
  ['brackets without end', `{ compose(id: ${'['.repeat(9_000)}) { id } }`, /./],
  ['no operation', 'fragment A on Compose { id }', /./],
  ['no GraphQL', 'select * from compose', /syntax/i],
];

describe('over HTTP', () => {
  it.for(TOO_MUCH)('%s is refused within a second', async ([, query, message], { http }) => {
    const startedAt = performance.now();
    const { status, errors } = await http.query(query);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(status).toBe(400);
    expect(errors?.[0]).toMatchObject({
      message: expect.stringMatching(message) as string,
      extensions: { code: 'BAD_USER_INPUT', retryable: false },
    });
    expect(errors?.[0]?.extensions.fields?.[0]?.path).toBeTruthy();
  });

  it('a client that sends all of 5 MB before it reads gets an answer', async ({ http }) => {
    const { port } = new URL(http.url);
    const body = JSON.stringify({ query: `{ about { version } } # ${'x'.repeat(5_000_000)}` });
    const socket = connect(Number(port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    await once(socket, 'connect');
    socket.write(
      `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    // Slow enough for the server to refuse the request before its end.
    for (let at = 0; at < body.length; at += 100_000) {
      if (!socket.write(body.slice(at, at + 100_000))) await once(socket, 'drain');
    }
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('BAD_USER_INPUT');
  });

  it('a body of 5 MB is refused', async ({ http }) => {
    const { status, errors } = await http.query(`{ about { version } } # ${'x'.repeat(5_000_000)}`);
    expect(status).toBe(413);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', retryable: false } }]);
  });

  it.for([
    ['broken JSON', '{"query": "{ about', 'application/json', 400],
    ['a batch', '[{"query": "{ about { version } }"}, {"query": "{ about { version } }"}]', 'application/json', 400],
    ['no query', '{}', 'application/json', 400],
    ['a query that is no string', '{"query": 5}', 'application/json', 400],
    ['variables that are no object', '{"query": "{ about { version } }", "variables": 5}', 'application/json', 400],
    ['a form, as another site would send it', 'query=x', 'application/x-www-form-urlencoded', 415],
    ['plain text, as another site would send it', '{"query": "{ about { version } }"}', 'text/plain', 400],
  ] as const)('%s is refused', async ([, body, type, status], { http }) => {
    const answer = await fetch(`${http.url}/graphql`, { method: 'POST', headers: { 'content-type': type }, body });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT', retryable: false } }],
    });
  });

  it('GET requests need a header that pages of other sites cannot send', async ({ http }) => {
    const url = `${http.url}/graphql?query=${encodeURIComponent('{about{version}}')}`;
    expect((await fetch(url)).status).toBe(400);
    const allowed = await fetch(url, { headers: { 'apollo-require-preflight': '1' } });
    expect(await allowed.json()).toEqual({ data: { about: { version: '1.2.3' } } });
    const mutation = `${http.url}/graphql?query=${encodeURIComponent('mutation { removeCompose(input: { id: "1" }) { compose { id } } }')}`;
    expect((await fetch(mutation, { headers: { 'apollo-require-preflight': '1' } })).status).toBe(405);
  });

  it('the introspection query of tools is allowed', async ({ http }) => {
    const full = getIntrospectionQuery({
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
      inputValueDeprecation: true,
      oneOf: true,
    });
    expect((await http.query(full)).errors).toBeUndefined();
  });
});

describe('an error in the input has the path of the wrong field', () => {
  it.for([
    ['a wrong type', { source: { repo: { repo: 5 } } }, ['input.source.repo.repo']],
    ['an unknown enum value', { source: { repo: { repo: '/r' } }, flags: ['NO_DEPS', 'FAST'] }, ['input.flags.1']],
    ['an unknown field', { source: { repo: { repo: '/r', pkgs: [] } } }, ['input.source.repo']],
    ['a number too large', { source: { repo: { repo: '/r' } }, secondsToLive: 1e12 }, ['input.secondsToLive']],
    ['null in a list', { source: { repo: { repo: '/r', packages: ['a', null] } } }, ['input.source.repo.packages.1']],
    ['two wrongs', { source: { repo: { repo: null } }, arches: [{}] }, ['input.source.repo.repo', 'input.arches.0']],
    ['no source', {}, ['input']],
    ['an empty source', { source: {} }, ['input.source']],
    ['two sources', { source: { repo: { repo: '/r' }, pulp: { contentSets: ['a'] } } }, ['input.source']],
    ['a source that is null', { source: { repo: null } }, ['input.source.repo']],
    ['NUL in a text', { source: { repo: { repo: '/r', packages: ['a', 'b\0'] } } }, ['input.source.repo.packages.1']],
    [
      'half of a surrogate pair',
      { source: { repo: { repo: '/r' } }, idempotencyKey: 'key\ud800' },
      ['input.idempotencyKey'],
    ],
    ['no input', undefined, ['input']],
  ] as const)('%s in variables', async ([, request, paths], { odcs, http }) => {
    const head = await odcs.api.head();
    const { status, errors, data } = await http.query(CREATE, { request });
    expect({ status, data }).toEqual({ status: 400, data: undefined });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', retryable: false } }]);
    expect(errors?.[0]?.extensions.fields?.map(({ path }) => path)).toEqual(paths);
    expect(await odcs.api.head()).toBe(head);
  });

  it.for([
    ['a wrong type', '{ source: { repo: { repo: 5 } } }', 'input.source.repo.repo'],
    ['an unknown enum value', '{ source: { repo: { repo: "/r" } } flags: [NO_DEPS, FAST] }', 'input.flags.1'],
    ['two sources', '{ source: { repo: { repo: "/r" }, pulp: { contentSets: [] } } }', 'input.source'],
    ['a missing field', '{ source: { repo: {} } }', 'input.source.repo'],
    ['NUL in a text', '{ source: { repo: { repo: "/r\\u0000" } } }', 'input.source.repo.repo'],
  ] as const)('%s in the document', async ([, literal, path], { http }) => {
    const { status, errors } = await http.query(`mutation { createCompose(input: ${literal}) { compose { id } } }`);
    expect(status).toBe(400);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', fields: [{ path }] });
  });
});

describe('an unexpected error', () => {
  it('hides its details, and has an incident id that it is logged with', async ({ odcs, http }) => {
    odcs.failReads(new Error('select secret from inside'));
    onTestFinished(() => odcs.failReads(null));
    const { status, errors } = await http.query('{ composes { nodes { id } } }');
    expect(status).toBe(200);
    expect(JSON.stringify(errors)).not.toMatch(/secret|inside|stack|\.ts/);
    expect(errors).toMatchObject([
      {
        extensions: {
          code: 'INTERNAL_SERVER_ERROR',
          retryable: false,
          incident: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
        },
      },
    ]);
    const incident = errors?.[0]?.extensions['incident'] as string;
    expect(errors?.[0]?.message).toContain(incident);
    expect(http.entries.find(({ details }) => 'incident' in details && details.incident === incident)).toMatchObject({
      level: 'error',
      details: { err: { message: 'select secret from inside' }, path: ['composes'] },
    });
  });

  it.for([
    Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' }),
    new Error('query failed', { cause: new Error('Connection terminated unexpectedly') }),
  ])('is retryable when the database was lost: %s', async (error, { odcs, http }) => {
    odcs.failReads(error);
    onTestFinished(() => odcs.failReads(null));
    const { errors } = await http.query('{ compose(id: "1") { id } }');
    expect(errors).toMatchObject([
      { path: ['compose'], extensions: { code: 'UPSTREAM_UNAVAILABLE', retryable: true } },
    ]);
    expect(JSON.stringify(errors)).not.toMatch(/ECONN|administrator|terminated/);
  });
});

describe('the cost of an operation', () => {
  it('depends on the page sizes in its variables, each time', async ({ http }) => {
    const query =
      'query ($n: Int = 2) { composes(first: $n) { nodes { events(first: $n) { nodes { compose { events(first: $n) { nodes { seq } } } } } } } }';
    expect((await http.query(query)).status).toBe(200);
    expect((await http.query(query, { n: 5 })).status).toBe(200);
    for (const n of [50, 100, null])
      expect(await http.query(query, { n })).toMatchObject({
        status: 400,
        errors: [{ extensions: { fields: [{ path: 'query', message: expect.stringMatching(/^costs/) as string }] } }],
      });
    expect((await http.query(query)).status).toBe(200);
  });
});

describe('over WebSocket', () => {
  it('a refused operation leaves the others on the socket alone', async ({ odcs, http }) => {
    const { id } = await odcs.insert();
    const client = http.client();
    const watching = new Results(client, {
      query: 'subscription ($id: ID!) { composeChanged(id: $id) { seq } }',
      variables: { id },
    });
    await watching.count(1);
    for (const [, query, message] of TOO_MUCH) {
      const refused = new Results(client, { query });
      await refused.completed;
      expect(refused.problems[0]).toMatchObject({
        message: expect.stringMatching(message) as string,
        extensions: { code: 'BAD_USER_INPUT', retryable: false },
      });
    }
    const wrong = new Results(client, {
      query: 'subscription ($x: ID!) { composeChanged(id: $x) { seq } }',
      variables: { x: {} },
    });
    await wrong.completed;
    expect(wrong.problems).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', fields: [{ path: 'id' }] } }]);
    await odcs.begin(id);
    await watching.count(2);
    expect(watching.problems).toEqual([]);
  });

  it('queries and mutations work too, with the same errors', async ({ odcs, http }) => {
    const { id } = await odcs.insert();
    const client = http.client();
    const asked = new Results(client, { query: 'query ($id: ID!) { compose(id: $id) { id } }', variables: { id } });
    await asked.completed;
    expect(asked.received).toEqual([{ compose: { id } }]);
    const refused = new Results(client, { query: 'mutation { cancelCompose(input: { id: "0" }) { compose { id } } }' });
    await refused.completed;
    expect(refused.problems).toMatchObject([{ extensions: { code: 'NOT_FOUND', retryable: false } }]);
  });

  it('a socket has a limited number of operations at a time', async ({ http }) => {
    const client = http.client();
    const all = Array.from(
      { length: 5 },
      () => new Results(client, { query: 'subscription { composesChanged { seq } }' }),
    );
    await eventually('two are refused', () => all.filter(({ problems }) => problems.length > 0).length === 2);
    expect(all.flatMap(({ problems }) => problems)).toMatchObject([
      { extensions: { code: 'RATE_LIMITED', retryable: true } },
      { extensions: { code: 'RATE_LIMITED' } },
    ]);
  });

  it('a message of more than 1 MB closes its socket', async ({ http }) => {
    const client = http.client();
    const results = new Results(client, { query: `{ about { version } } # ${'x'.repeat(5_000_000)}` });
    await results.completed;
    expect(results.problems).toHaveLength(1);
  });

  it('pages of other sites may not connect, and the number of sockets is limited', async ({ http }) => {
    const { WebSocket } = await import('ws');
    const connect = (origin?: string) =>
      new Promise<number>((resolve) => {
        const socket = new WebSocket(
          `${http.url.replace('http', 'ws')}/graphql`,
          'graphql-transport-ws',
          origin ? { origin } : {},
        );
        sockets.push(socket);
        socket.on('open', () => resolve(101));
        socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
        socket.on('error', () => {});
      });
    const sockets: InstanceType<typeof WebSocket>[] = [];
    expect(await connect('https://evil.example')).toBe(403);
    expect(await connect(http.url)).toBe(101);
    const answers: number[] = [];
    for (let index = 0; index < 41; index += 1) answers.push(await connect());
    expect(answers).toContain(503);
    for (const socket of sockets) socket.terminate();
  });
});
