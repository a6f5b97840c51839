// One run: processes, clients and faults for a while; then quiet, until everything has ended; then the checks.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, Asker } from './asker.ts';
import { check, type Run } from './check.ts';
import { Clients } from './clients.ts';
import { createDatabase } from './database.ts';
import { DiskWatch } from './disk-watch.ts';
import { watchEngines } from './engine-watch.ts';
import { makeFaults } from './faults.ts';
import { figuresOf, type Figures } from './figures.ts';
import { Fleet } from './fleet.ts';
import { readHistory, type Query } from './history.ts';
import { look } from './looker.ts';
import { randomOf } from './random.ts';
import { Records } from './records.ts';
import { makeRepositories } from './repositories.ts';
import { follow } from './subscribers.ts';
import { callWitness } from './witness.ts';

export interface ChaosOptions {
  readonly serverUrl: string;
  readonly seed: number;
  readonly seconds: number;
  readonly apis?: number;
  readonly workers?: readonly ('pungi' | 'dnf')[];
  /** Milliseconds from one fault to the next. */
  readonly faultPace?: readonly [from: number, to: number];
  readonly requestPace?: readonly [from: number, to: number];
  /** Where a rule was broken, keep the directory, with the history and the processes' logs. */
  readonly keep?: boolean;
  log(line: string): void;
}

export interface ChaosReport {
  readonly seed: number;
  readonly figures: Figures;
  readonly violations: readonly string[];
}

const SUBSCRIBERS = 3;
/** A compose that was lost at the last moment is taken back, and generated. */
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
  await callWitness(query);
  const disk = new DiskWatch(targetDir, records);
  let broken = true;
  try {
    const run = { fleet, records, directory, targetDir, disk, query };
    await live(options, run);
    const violations = await check(run);
    broken = violations.length > 0;
    return { seed: options.seed, figures: figuresOf(await readHistory(query), records), violations };
  } finally {
    disk.close();
    if (broken && options.keep) await writeEvidence(directory, { fleet, records, query });
    await fleet.end();
    await end();
    if (broken && options.keep) options.log(`kept: ${directory}`);
    else await rm(directory, { recursive: true, force: true });
  }
}

/** What happened by the database's account and by the harness's, and what each process said, beside the files. */
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
  for (const { name, logs } of fleet.places) {
    await writeFile(
      join(directory, `${name}.log`),
      logs.map((log, index) => log.map((entry) => `${index} ${JSON.stringify(entry)}\n`).join('')).join(''),
    );
  }
}

async function live(options: ChaosOptions, { fleet, records, directory, targetDir, query }: Run): Promise<void> {
  const { seed, seconds, log } = options;
  const repositories = await makeRepositories(directory);
  const over = new AbortController();
  const urls = () => fleet.urls;
  const from = await firstCursor(fleet);
  const watching = Array.from({ length: SUBSCRIBERS }, (_, index) => {
    const subscriber = { name: `subscriber ${index}`, id: null, from: 0, seen: [], connections: 0 };
    records.subscribers.push(subscriber);
    return follow({ subscriber, after: from, urls, random: randomOf(seed, subscriber.name), signal: over.signal });
  });
  const signal = AbortSignal.timeout(seconds * 1000);
  const asker = new Asker(records, urls);
  const clients = new Clients({
    asker,
    records,
    seed,
    repositories,
    urls,
    signal,
    over: over.signal,
    pace: options.requestPace ?? [100, 900],
  });
  const chatting = clients.run();
  const looking = look({ asker, records, targetDir, random: randomOf(seed, 'looker'), over: over.signal });
  const guarding = watchEngines(query, records, over.signal);
  await makeFaults({ fleet, records, seed, signal, query, log, pace: options.faultPace ?? [400, 2_500] });
  log('quiet');
  await Promise.race([chatting, sleep(SETTLE_MS)]);
  await clients.askAgain();
  await settled(query);
  log('settled');
  await caughtUp(query, records);
  over.abort();
  await Promise.all([...watching, chatting, looking, guarding]);
  log('everybody has left');
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

/** Until all subscribers to everything have heard of the last event. */
async function caughtUp(query: Query, records: Records): Promise<void> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const [row] = await query<{ events: number }>('select count(*)::int as events from compose_event');
    const behind = records.subscribers.some(({ id, seen }) => id === null && seen.length < (row?.events ?? 0));
    if (!behind || Date.now() > deadline) return;
    await sleep(100);
  }
}

async function firstCursor(fleet: Fleet): Promise<string> {
  const answer = await ask(fleet.urls[0] ?? '', '{ composes(first: 1) { asOf } }', {}, 10_000);
  const page = answer?.data?.['composes'] as { asOf: string } | undefined;
  if (!page) throw new Error(`The first api process does not answer: ${JSON.stringify(answer)}`);
  return page.asOf;
}
