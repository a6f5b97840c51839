// The time from a create until the last of thousands of subscribers has the event, and the memory for one subscriber. Every
// subscriber must get every event once and in order.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { filledDatabase, median, quantile, serve, type BenchOptions, type Served } from './support.ts';

const SIZES = [1_000, 5_000, 10_000];
const FIRST = 100;
const WARM_UP = 10;
const EVENTS = 200;
const HERD = fileURLToPath(new URL('./subscriber-herd.ts', import.meta.url));
const QUERY = 'subscription { composesChanged { cursor kind to compose { id owner state stateReason } } }';
const CREATE =
  'mutation { createCompose(input: { source: { repo: { repo: "/srv/repo", packages: ["bash"] } } }) { compose { id } } }';

export async function benchSubscribers({ databaseUrl, directory }: BenchOptions): Promise<void> {
  await mkdir(directory, { recursive: true });
  const url = await filledDatabase(databaseUrl, 1_000);
  for (const size of SIZES) {
    const service = await serve({
      DATABASE_URL: url,
      ODCS_ROLE: 'api',
      ODCS_ENGINE: 'dnf',
      ODCS_TARGET_DIR: `${directory}/composes`,
    });
    try {
      await withHerd(service, size);
    } finally {
      service.stop();
    }
  }
}

async function withHerd(service: Served, size: number): Promise<void> {
  // The first requests grow the process in any case.
  for (let n = 0; n < FIRST; n += 1) await create(service);
  const before = await residentKb(service.pid);
  const herd = fork(HERD, [new URL(service.url).port, String(size), QUERY], { execArgv: process.execArgv });
  const broken = once(herd, 'exit').then(() => Promise.reject(new Error('A subscriber failed')));
  broken.catch(() => {});
  try {
    await Promise.race([once(herd, 'message'), broken]);
    const times: number[] = [];
    for (let event = 0; event < WARM_UP + EVENTS; event += 1) {
      const received = Promise.race([once(herd, 'message'), broken]) as Promise<
        [{ readonly index: number; readonly at: number }]
      >;
      const requestedAt = performance.timeOrigin + performance.now();
      await create(service);
      const [{ index, at }] = await received;
      if (index !== event) throw new Error(`Event ${event} came as ${index}`);
      times.push(at - requestedAt);
    }
    const measured = times.slice(WARM_UP);
    const kb = ((await residentKb(service.pid)) - before) / size;
    console.log(
      `${String(size).padStart(6)} subscribers: create → last subscriber p50 ${median(measured).toFixed(0)} ms, p99 ${quantile(measured, 0.99).toFixed(0)} ms, ${EVENTS} times; ${kb.toFixed(1)} kB each`,
    );
  } finally {
    herd.kill('SIGKILL');
  }
}

async function create({ url }: Served): Promise<void> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: CREATE }),
  });
  if (!(await answer.text()).includes('"id"')) throw new Error('A create was refused');
}

async function residentKb(pid: number): Promise<number> {
  return Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);
}
