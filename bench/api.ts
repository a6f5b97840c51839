// Reads and creates over HTTP at 200,000 composes, beside a bare Fastify + pg route on the same data, in turn.

import Fastify from 'fastify';
import pg from 'pg';
import { mkdir } from 'node:fs/promises';
import { filledDatabase, load, median, serve, type BenchOptions, type Request } from './support.ts';

const COMPOSES = 200_000;
const CONNECTIONS = 8;
const SECONDS = 3;
const ROUNDS = 5;
const FIELDS = `id owner state stateReason sourceType arches flags results sigkeys composeType label targetDir submittedAt startedAt doneAt expiresAt attempt
  pungiComposeId toplevelUrl resultRepo`;

export async function benchApi({ databaseUrl, directory }: BenchOptions): Promise<void> {
  await mkdir(directory, { recursive: true });
  const url = await filledDatabase(databaseUrl, COMPOSES);
  const service = await serve({ DATABASE_URL: url, ODCS_ROLE: 'api', ODCS_ENGINE: 'dnf', ODCS_TARGET_DIR: `${directory}/composes`, ODCS_LOG_LEVEL: 'info' });
  const bare = await bareRoute(url);
  try {
    const last = await lastPageCursor(service.url);
    const cases: Record<string, [string, () => Request]> = {
      'bare Fastify + pg, one compose': [bare.url, () => ({ path: `/composes/${random()}` })],
      'one compose, 20 fields': [service.url, () => graphql(`query ($id: ID!) { compose(id: $id) { ${FIELDS} } }`, { id: String(random()) })],
      'list of 10, newest': [service.url, () => graphql(`{ composes(first: 10) { nodes { ${FIELDS} } } }`, {})],
      'list of 10, by owner and state': [
        service.url,
        () => graphql(`query ($owner: String!) { composes(first: 10, filter: { owners: [$owner], states: [DONE] }) { nodes { ${FIELDS} } } }`, { owner: `owner-${random() % 100}` }),
      ],
      'last page of 10': [service.url, () => graphql(`query ($after: String) { composes(first: 10, after: $after) { nodes { ${FIELDS} } } }`, { after: last })],
      create: [
        service.url,
        () => graphql('mutation ($input: CreateComposeInput!) { createCompose(input: $input) { compose { id state } } }', { input: { source: { repo: { repo: '/srv/repo', packages: ['bash'] } } } }),
      ],
    };
    const rates = new Map<string, number[]>();
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [name, [origin, next]] of Object.entries(cases)) rates.set(name, [...(rates.get(name) ?? []), await load(origin, CONNECTIONS, SECONDS, next)]);
    }
    const base = median(rates.get('bare Fastify + pg, one compose') ?? []);
    for (const [name, values] of rates) console.log(`${name.padEnd(34)} ${median(values).toFixed(0).padStart(6)} /s   ${(median(values) / base).toFixed(2)} of bare`);
  } finally {
    service.stop();
    await bare.stop();
  }
}

function random(): number {
  return 1 + Math.floor(Math.random() * COMPOSES);
}

function graphql(query: string, variables: object): Request {
  return { path: '/graphql', body: JSON.stringify({ query, variables }) };
}

async function lastPageCursor(url: string): Promise<string> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ composes(last: 11) { pageInfo { startCursor } } }' }),
  });
  return ((await answer.json()) as { data: { composes: { pageInfo: { startCursor: string } } } }).data.composes.pageInfo.startCursor;
}

async function bareRoute(url: string): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const pool = new pg.Pool({ connectionString: url, max: 16 });
  const app = Fastify();
  app.get<{ Params: { id: string } }>('/composes/:id', async ({ params }) => (await pool.query({ name: 'one', text: 'select * from compose where id = $1', values: [params.id] })).rows[0]);
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    url: address,
    async stop() {
      await app.close();
      await pool.end();
    },
  };
}
