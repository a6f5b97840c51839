// One run: processes, clients and faults; then a quiet time until all composes have ended; then the checks.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { postGraphql, ApiClient } from './api-client.ts';
import { checkRun, type Run } from './check-run.ts';
import { Clients } from './clients.ts';
import { createDatabase } from './database.ts';
import { DiskWatch } from './disk-watch.ts';
import { watchEngines } from './engine-watch.ts';
import { makeFaults } from './faults.ts';
import { figuresOf, type Figures } from './figures.ts';
import { Fleet } from './fleet.ts';
import { readHistory, type Query } from './history.ts';
import { checkDoneComposes } from './done-checks.ts';
import { randomOf } from './random.ts';
import { Records } from './records.ts';
import { makeRepositories } from './repositories.ts';
import { follow } from './subscribers.ts';
import { installAuditTriggers } from './audit-triggers.ts';

export interface ChaosOptions {
  readonly serverUrl: string;
  readonly seed: number;
  readonly seconds: number;
  readonly apis?: number;
  readonly workers?: readonly ('pungi' | 'dnf')[];
  /** Milliseconds between faults. */
  readonly faultPace?: readonly [from: number, to: number];
  readonly requestPace?: readonly [from: number, to: number];
  /** Keeps the directory, the history and the logs of the processes if a rule was broken. */
  readonly keep?: boolean;
  log(line: string): void;
}

export interface ChaosReport {
  readonly seed: number;
  readonly figures: Figures;
  readonly violations: readonly string[];
}

const SUBSCRIBERS = 3;
/** The longest wait for a compose whose worker was lost at the end to be reclaimed and generated. */
const SETTLE_MS = 60_000;

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const directory = await mkdtemp(join(tmpdir(), 'odcs-chaos-'));
  const targetDir = join(directory, 'composes');
  const { url: databaseUrl, query, end } = await createDatabase(options.serverUrl);
  const records = new Records();
  const fleet = await Fleet.start({
    databaseUrl,
    directory,
    apis: options.apis ?? 2,
    workers: options.workers ?? ['pungi', 'pungi', 'dnf'],
    starts: records.starts,
  });
  await installAuditTriggers(query);
  const disk = new DiskWatch(targetDir, records);
  let isBroken = true;
  try {
    const run = { fleet, records, directory, targetDir, disk, query, databaseUrl };
    await runUntilSettled(options, run);
    const violations = await checkRun(run);
    isBroken = violations.length > 0;
    return { seed: options.seed, figures: figuresOf(await readHistory(query), records), violations };
  } finally {
    disk.close();
    if (isBroken && options.keep) await writeEvidence(directory, { fleet, records, query });
    await fleet.end();
    await end();
    if (isBroken && options.keep) options.log(`Kept ${directory}`);
    else await rm(directory, { recursive: true, force: true });
  }
}

/** Writes the history, the records of the harness and the logs of the processes next to the files of the run. */
async function writeEvidence(
  directory: string,
  { fleet, records, query }: Pick<Run, 'fleet' | 'records' | 'query'>,
): Promise<void> {
  const { events, composes, claims } = await readHistory(query);
  const { kills, disturbances, publications, starts } = records;
  await writeFile(
    join(directory, 'history.json'),
    JSON.stringify(
      { composes: [...composes.values()], claims, kills, disturbances, publications, starts, events },
      null,
      1,
    ),
  );
  for (const { name, logs } of fleet.instances) {
    await writeFile(
      join(directory, `${name}.log`),
      logs.map((log, index) => log.map((entry) => `${index} ${JSON.stringify(entry)}\n`).join('')).join(''),
    );
  }
}

async function runUntilSettled(
  options: ChaosOptions,
  { fleet, records, directory, targetDir, query }: Run,
): Promise<void> {
  const { seed, seconds, log } = options;
  const repositories = await makeRepositories(directory);
  const over = new AbortController();
  const urls = () => fleet.urls;
  const after = await firstCursor(fleet);
  const subscribing = Array.from({ length: SUBSCRIBERS }, (_, index) => {
    const subscriber = { name: `subscriber ${index}`, id: null, from: 0, events: [], connections: 0 };
    records.subscribers.push(subscriber);
    return follow({ subscriber, after, urls, random: randomOf(seed, subscriber.name), signal: over.signal });
  });
  const signal = AbortSignal.timeout(seconds * 1000);
  const api = new ApiClient(records, urls);
  const clients = new Clients({
    api,
    records,
    seed,
    repositories,
    urls,
    signal,
    over: over.signal,
    pace: options.requestPace ?? [100, 900],
  });
  const requesting = clients.run();
  const checking = checkDoneComposes({ api, records, targetDir, random: randomOf(seed, 'looker'), over: over.signal });
  const watching = watchEngines(query, records, over.signal);
  await makeFaults({ fleet, records, seed, signal, query, log, pace: options.faultPace ?? [400, 2_500] });
  log('no more faults');
  await Promise.race([requesting, sleep(SETTLE_MS)]);
  await clients.repeatRequests();
  await settled(query);
  log('all composes have ended');
  await caughtUp(query, records);
  over.abort();
  await Promise.all([...subscribing, requesting, checking, watching]);
  log('all clients have ended');
}

async function settled(query: Query): Promise<void> {
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    const [row] = await query<{ open: number }>(
      "select count(*)::int as open from compose where state in ('WAIT', 'GENERATING') or (removing_at is not null and state <> 'REMOVED')",
    );
    if (row?.open === 0 || Date.now() > deadline) return;
    await sleep(200);
  }
}

/** Waits until every subscriber to all composes has the last event. */
async function caughtUp(query: Query, records: Records): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const [row] = await query<{ events: number }>('select count(*)::int as events from compose_event');
    const behind = records.subscribers.some(
      ({ id, events: received }) => id === null && received.length < (row?.events ?? 0),
    );
    if (!behind || Date.now() > deadline) return;
    await sleep(100);
  }
}

async function firstCursor(fleet: Fleet): Promise<string> {
  const answer = await postGraphql(fleet.urls[0] ?? '', '{ composes(first: 1) { asOf } }', {}, 10_000);
  const page = answer?.data?.['composes'] as { asOf: string } | undefined;
  if (!page) throw new Error(`The first api process does not answer: ${JSON.stringify(answer)}`);
  return page.asOf;
}
