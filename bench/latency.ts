// Times that a subscriber sees after a create: until GENERATING, until DONE by reuse, and until DONE by the dnf engine. The
// engine runs alone in turn; the difference is the overhead of the service.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { makeRepository, SAMPLE_SOURCES } from '../src/demo/sample-repository.ts';
import { EngineAlone } from './engine-alone.ts';
import { filledDatabase, median, quantile, serve, type BenchOptions } from './support.ts';

const COMPOSES = 120;
/** The first composes include compilation in Node.js and planning in PostgreSQL. */
const WARM_UP = 8;

export async function benchLatency({ databaseUrl, directory }: BenchOptions): Promise<void> {
  await mkdir(directory, { recursive: true });
  const repository = join(directory, 'repository');
  await makeRepository(repository, SAMPLE_SOURCES);
  const url = await filledDatabase(databaseUrl, 1_000);
  const service = await serve({
    DATABASE_URL: url,
    ODCS_ROLE: 'all',
    ODCS_ENGINE: 'dnf',
    ODCS_TARGET_DIR: join(directory, 'composes'),
  });
  const engine = EngineAlone.dnf();
  try {
    const alone: number[] = [];
    const engineInTurn = async () => void alone.push((await engine.run(repository, { packages: ['hello'] })).ms);
    await measure(service.url, repository, ['NO_REUSE'], WARM_UP, engineInTurn);
    alone.length = 0;
    const fresh = await measure(service.url, repository, ['NO_REUSE'], COMPOSES, engineInTurn);
    report(
      'create → GENERATING',
      fresh.map(({ generating }) => generating),
    );
    const done = fresh.map((times) => times.done);
    report('create → DONE, dnf engine', done);
    report('the engine alone', alone);
    console.log(`${'overhead of the service'.padEnd(30)} p50 ${(median(done) - median(alone)).toFixed(1)} ms`);
    await measure(service.url, repository, [], 1);
    report(
      'create → DONE, reused',
      (await measure(service.url, repository, [])).map(({ done }) => done),
    );
  } finally {
    await engine.close();
    service.stop();
  }
}

interface Times {
  readonly generating: number;
  readonly done: number;
}

/** Creates composes one after the other, and watches them by a subscription to all composes. */
async function measure(
  url: string,
  repo: string,
  flags: readonly string[],
  composes = COMPOSES,
  between?: () => Promise<void>,
): Promise<readonly Times[]> {
  await using watch = watchComposes(url);
  const times: Times[] = [];
  for (let n = 0; n < composes; n += 1) {
    const started = performance.now();
    const id = await create(url, repo, flags);
    times.push({
      generating: (await watch.reached(id, 'GENERATING')) - started,
      done: (await watch.reached(id, 'DONE')) - started,
    });
    await between?.();
  }
  return times;
}

async function create(url: string, repo: string, flags: readonly string[]): Promise<string> {
  const query = 'mutation ($input: CreateComposeInput!) { createCompose(input: $input) { compose { id } } }';
  const input = { source: { repo: { repo, packages: ['hello'] } }, flags };
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { input } }),
  });
  const { data } = (await answer.json()) as { data: { createCompose: { compose: { id: string } } } };
  return data.createCompose.compose.id;
}

interface Watch extends AsyncDisposable {
  /** When the event came that says so, by `performance.now()`. */
  reached(id: string, state: string): Promise<number>;
}

function watchComposes(url: string): Watch {
  const client = createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, lazy: false });
  const times = new Map<string, number>();
  let wake = () => {};
  client.subscribe<{ composesChanged: { to: string | null; compose: { id: string } } }>(
    { query: 'subscription { composesChanged { to compose { id } } }' },
    {
      next: ({ data }) => {
        times.set(`${data?.composesChanged.compose.id} ${data?.composesChanged.to}`, performance.now());
        wake();
      },
      error: () => {},
      complete: () => {},
    },
  );
  return {
    async reached(id, state) {
      for (;;) {
        const at = times.get(`${id} ${state}`);
        if (at !== undefined) return at;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    async [Symbol.asyncDispose]() {
      await client.dispose();
    },
  };
}

function report(what: string, times: readonly number[]): void {
  console.log(
    `${what.padEnd(30)} p50 ${median(times).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms, ${times.length} times`,
  );
}
