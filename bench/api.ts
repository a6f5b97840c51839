// Reads and creates over HTTP at 200,000 composes, beside a bare Fastify + pg route on the same data, in turn. The client
// and PostgreSQL run on the same processors; how long the serving process itself was at work is told besides.

import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  cpuMs,
  filledDatabase,
  load,
  median,
  serve,
  serving,
  type BenchOptions,
  type Request,
  type Served,
} from './support.ts';

const COMPOSES = 200_000;
const CONNECTIONS = 8;
const SECONDS = 3;
const ROUNDS = 5;
const FIELDS = `id owner state stateReason sourceType arches flags results sigkeys composeType label targetDir submittedAt startedAt doneAt expiresAt attempt
  pungiComposeId toplevelUrl resultRepo`;

export async function benchApi({ databaseUrl, directory }: BenchOptions): Promise<void> {
  await mkdir(directory, { recursive: true });
  const url = await filledDatabase(databaseUrl, COMPOSES);
  const service = await serve({
    DATABASE_URL: url,
    ODCS_ROLE: 'api',
    ODCS_ENGINE: 'dnf',
    ODCS_TARGET_DIR: `${directory}/composes`,
    ODCS_LOG_LEVEL: 'info',
  });
  const bare = await serving([...process.execArgv, fileURLToPath(new URL('./bare-route.ts', import.meta.url)), url]);
  try {
    const last = await lastPageCursor(service.url);
    const cases: Record<string, [Served, () => Request]> = {
      'bare Fastify + pg, one compose': [bare, () => ({ path: `/composes/${random()}` })],
      'one compose, 20 fields': [
        service,
        () => graphql(`query ($id: ID!) { compose(id: $id) { ${FIELDS} } }`, { id: String(random()) }),
      ],
      'list of 10, newest': [service, () => graphql(`{ composes(first: 10) { nodes { ${FIELDS} } } }`, {})],
      'list of 10, by owner and state': [
        service,
        () =>
          graphql(
            `query ($owner: String!) { composes(first: 10, filter: { owners: [$owner], states: [DONE] }) { nodes { ${FIELDS} } } }`,
            { owner: `owner-${random() % 100}` },
          ),
      ],
      'last page of 10': [
        service,
        () =>
          graphql(`query ($after: String) { composes(first: 10, after: $after) { nodes { ${FIELDS} } } }`, {
            after: last,
          }),
      ],
      create: [
        service,
        () =>
          graphql('mutation ($input: CreateComposeInput!) { createCompose(input: $input) { compose { id state } } }', {
            input: { source: { repo: { repo: '/srv/repo', packages: ['bash'] } } },
          }),
      ],
    };
    const measured = new Map<string, Measured[]>();
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [name, [served, next]] of Object.entries(cases))
        measured.set(name, [...(measured.get(name) ?? []), await measure(served, next)]);
    }
    const base = medians(measured.get('bare Fastify + pg, one compose') ?? []);
    console.log(`${CONNECTIONS} connections; the client shares the processors`);
    for (const [name, runs] of measured) {
      const { rate, cpu } = medians(runs);
      console.log(
        `${name.padEnd(34)} ${rate.toFixed(0).padStart(6)} /s   ${(rate / base.rate).toFixed(2)} of bare   ${cpu.toFixed(0).padStart(5)} µs of its process, ${(base.cpu / cpu).toFixed(2)} of bare`,
      );
    }
  } finally {
    service.stop();
    bare.stop();
  }
}

interface Measured {
  readonly rate: number;
  /** Microseconds of processor time for one answer. */
  readonly cpu: number;
}

async function measure({ url, pid }: Served, next: () => Request): Promise<Measured> {
  const before = cpuMs(pid);
  const rate = await load(url, CONNECTIONS, SECONDS, next);
  return { rate, cpu: ((cpuMs(pid) - before) * 1000) / (rate * SECONDS) };
}

function medians(runs: readonly Measured[]): Measured {
  return { rate: median(runs.map(({ rate }) => rate)), cpu: median(runs.map(({ cpu }) => cpu)) };
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
  return ((await answer.json()) as { data: { composes: { pageInfo: { startCursor: string } } } }).data.composes.pageInfo
    .startCursor;
}
