// What a subscriber sees after a create: until GENERATING, until DONE by sharing, and until DONE by the dnf engine, in
// turn with the engine by itself: the difference is what the service takes on top.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { makeRepository, SAMPLE_SOURCES } from '../src/demo/sample-repository.ts';
import { EngineAlone } from './engine-alone.ts';
import { filledDatabase, median, quantile, serve, type BenchOptions } from './support.ts';

const COMPOSES = 120;
/** A process compiles its code, and PostgreSQL makes its plans, with the first. */
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
    const inTurn = async () => void alone.push((await engine.run(repository, { packages: ['hello'] })).ms);
    await measure(service.url, repository, ['NO_REUSE'], WARM_UP, inTurn);
    alone.length = 0;
    const fresh = await measure(service.url, repository, ['NO_REUSE'], COMPOSES, inTurn);
    report(
      'create → GENERATING is seen',
      fresh.map(({ generating }) => generating),
    );
    const done = fresh.map((times) => times.done);
    report('create → DONE, dnf engine', done);
    report('the engine by itself', alone);
    console.log(`${'so the service takes'.padEnd(30)} p50 ${(median(done) - median(alone)).toFixed(1)} ms on top`);
    await measure(service.url, repository, [], 1);
    report(
      'create → DONE, shared',
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

/** One after the other; each is watched by a subscription to everything that was there before. */
async function measure(
  url: string,
  repo: string,
  flags: readonly string[],
  composes = COMPOSES,
  between?: () => Promise<void>,
): Promise<readonly Times[]> {
  const client = createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, lazy: false });
  const seen = new Map<string, number>();
  let wake = () => {};
  client.subscribe<{ composesChanged: { to: string | null; compose: { id: string } } }>(
    { query: 'subscription { composesChanged { to compose { id } } }' },
    {
      next: ({ data }) => {
        seen.set(`${data?.composesChanged.compose.id} ${data?.composesChanged.to}`, performance.now());
        wake();
      },
      error: () => {},
      complete: () => {},
    },
  );
  const until = async (key: string): Promise<number> => {
    for (;;) {
      const at = seen.get(key);
      if (at !== undefined) return at;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const times: Times[] = [];
  const query = 'mutation ($input: CreateComposeInput!) { createCompose(input: $input) { compose { id } } }';
  for (let n = 0; n < composes; n += 1) {
    const started = performance.now();
    const answer = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables: { input: { source: { repo: { repo, packages: ['hello'] } }, flags } } }),
    });
    const { data } = (await answer.json()) as { data: { createCompose: { compose: { id: string } } } };
    const { id } = data.createCompose.compose;
    times.push({
      generating: (await until(`${id} GENERATING`)) - started,
      done: (await until(`${id} DONE`)) - started,
    });
    await between?.();
  }
  await client.dispose();
  return times;
}

function report(what: string, times: readonly number[]): void {
  console.log(
    `${what.padEnd(30)} p50 ${median(times).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms, ${times.length} times`,
  );
}
