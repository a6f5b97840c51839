// Reads and creates over HTTP with 200,000 composes, in turn with a bare Fastify and pg route on the same data. The client and
// PostgreSQL share the processors with the service, so the processor time of the serving process is printed as well.

import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  cpuMs,
  filledDatabase,
  load,
  median,
  serving,
  type BenchOptions,
  type Request,
  type Served,
} from './support.ts';

const COMPOSES = 200_000;
const CONNECTIONS = 8;
const OWNERS = 8;
const SECONDS = 3;
const ROUNDS = 5;
const FIELDS = `id owner state stateReason sourceType arches flags results sigkeys composeType label targetDir submittedAt startedAt doneAt expiresAt attempt
  pungiComposeId toplevelUrl resultRepo`;
const CREATE = 'mutation ($input: CreateComposeInput!) { createCompose(input: $input) { compose { id state } } }';
const BASE = 'bare Fastify + pg, one compose';

type Case = readonly [served: Served, next: () => Request];

export async function benchApi({ databaseUrl, directory }: BenchOptions): Promise<void> {
  await mkdir(directory, { recursive: true });
  const url = await filledDatabase(databaseUrl, COMPOSES);
  const service = await serving(program('./owners-api.ts'), {
    DATABASE_URL: url,
    ODCS_ROLE: 'api',
    ODCS_ENGINE: 'dnf',
    ODCS_TARGET_DIR: `${directory}/composes`,
    ODCS_LOG_LEVEL: 'info',
  });
  const bare = await serving([...program('./bare-route.ts'), url]);
  try {
    const cases: Record<string, Case> = {
      [BASE]: [bare, () => ({ path: `/composes/${random()}` })],
      ...readCases(service, await lastPageCursor(service.url)),
      'create, 1 owner': [service, () => create('owner-0')],
      [`create, ${OWNERS} owners`]: [service, () => create(`owner-${Math.floor(Math.random() * OWNERS)}`)],
    };
    const measured = new Map<string, Measured[]>();
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [name, each] of Object.entries(cases))
        measured.set(name, [...(measured.get(name) ?? []), await measure(each)]);
    }
    report(measured);
  } finally {
    service.stop();
    bare.stop();
  }
}

function program(file: string): readonly string[] {
  return [...process.execArgv, fileURLToPath(new URL(file, import.meta.url))];
}

function readCases(service: Served, last: string): Record<string, Case> {
  const nodes = `nodes { ${FIELDS} }`;
  const byOwner = `query ($owner: String!) { composes(first: 10, filter: { owners: [$owner], states: [DONE] }) { ${nodes} } }`;
  return {
    'one compose, 20 fields': [
      service,
      () => graphql(`query ($id: ID!) { compose(id: $id) { ${FIELDS} } }`, { id: String(random()) }),
    ],
    'list of 10, newest': [service, () => graphql(`{ composes(first: 10) { ${nodes} } }`, {})],
    'list of 10, by owner and state': [service, () => graphql(byOwner, { owner: `owner-${random() % 100}` })],
    'last page of 10': [
      service,
      () => graphql(`query ($after: String) { composes(first: 10, after: $after) { ${nodes} } }`, { after: last }),
    ],
  };
}

interface Measured {
  readonly rate: number;
  /** Microseconds of processor time for one answer. */
  readonly cpu: number;
}

async function measure([{ url, pid }, next]: Case): Promise<Measured> {
  const before = cpuMs(pid);
  const rate = await load(url, CONNECTIONS, SECONDS, next);
  return { rate, cpu: ((cpuMs(pid) - before) * 1000) / (rate * SECONDS) };
}

function report(measured: ReadonlyMap<string, readonly Measured[]>): void {
  const base = medians(measured.get(BASE) ?? []);
  console.log(`${CONNECTIONS} connections; the client shares the processors`);
  for (const [name, runs] of measured) {
    const { rate, cpu } = medians(runs);
    console.log(
      `${name.padEnd(34)} ${rate.toFixed(0).padStart(6)} /s   ${(rate / base.rate).toFixed(2)} of bare   ${cpu.toFixed(0).padStart(5)} µs of its process, ${(base.cpu / cpu).toFixed(2)} of bare`,
    );
  }
}

function medians(runs: readonly Measured[]): Measured {
  return { rate: median(runs.map(({ rate }) => rate)), cpu: median(runs.map(({ cpu }) => cpu)) };
}

function random(): number {
  return 1 + Math.floor(Math.random() * COMPOSES);
}

function create(owner: string): Request {
  const input = { source: { repo: { repo: '/srv/repo', packages: ['bash'] } } };
  return { ...graphql(CREATE, { input }), headers: { 'x-owner': owner } };
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
  const { data } = (await answer.json()) as { data: { composes: { pageInfo: { startCursor: string } } } };
  return data.composes.pageInfo.startCursor;
}
