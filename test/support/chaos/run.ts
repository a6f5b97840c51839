// One run: processes, clients and faults for a while; then quiet, until everything has ended; then the checks.

import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { makeRepository, SAMPLE_SOURCES } from '../../../src/setup/sample-repository.ts';
import { Clients, ask } from './clients.ts';
import { makeFaults } from './faults.ts';
import { Fleet } from './fleet.ts';
import { readHistory, type Query } from './history.ts';
import { randomOf } from './random.ts';
import { Records, type Scenario } from './records.ts';
import { leftOnDisk, leftProcesses } from './remains.ts';
import { figuresOf, type Figures } from './figures.ts';
import { RULES } from './rules.ts';
import { follow } from './subscribers.ts';

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
const CLEAN_MS = 25_000;
/** The sweep for leftovers comes once a minute. */
const SWEEP_MS = 90_000;

const CONTROLS: Readonly<Record<Scenario, object>> = {
  quick: { timeScale: 0.002 },
  slow: { timeScale: 0.12 },
  hangs: { timeScale: 0.002, hang: 'GATHER' },
  stubborn: { timeScale: 0.002, hang: 'GATHER', stubborn: true },
  leaves: { timeScale: 0.01, leaveBehind: true },
  fails: { timeScale: 0.002, exit: { phase: 'GATHER', code: 1, lines: ['[ERROR   ] Compose run failed: it was to'] } },
  dies: { timeScale: 0.002, kill: 'CREATEREPO' },
};

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const directory = await mkdtemp(join(tmpdir(), 'odcs-chaos-'));
  const database = await createDatabase(options.serverUrl);
  const records = new Records();
  const fleet = await Fleet.start({
    databaseUrl: database.url,
    directory,
    apis: options.apis ?? 2,
    workers: options.workers ?? ['pungi', 'pungi', 'dnf'],
  });
  let broken = true;
  try {
    const targetDir = join(directory, 'composes');
    await live(options, { fleet, records, directory, targetDir, query: database.query });
    const violations = [...records.violations, ...(await check({ fleet, records, directory, targetDir, query: database.query }))];
    broken = violations.length > 0;
    return { seed: options.seed, figures: figuresOf(await readHistory(database.query), records), violations };
  } finally {
    if (broken && options.keep) await writeEvidence(directory, fleet, database.query);
    await fleet.end();
    await database.end();
    if (broken && options.keep) options.log(`kept: ${directory}`);
    else await rm(directory, { recursive: true, force: true });
  }
}

/** What happened by the database's account, and what each process said, beside the files. */
async function writeEvidence(directory: string, fleet: Fleet, query: Query): Promise<void> {
  const { events, composes } = await readHistory(query);
  await writeFile(join(directory, 'history.json'), JSON.stringify({ composes: [...composes.values()], events }, null, 1));
  for (const { name, logs } of fleet.places) {
    await writeFile(join(directory, `${name}.log`), logs.map((log, index) => log.map((entry) => `${index} ${JSON.stringify(entry)}\n`).join('')).join(''));
  }
}

interface Run {
  readonly fleet: Fleet;
  readonly records: Records;
  readonly directory: string;
  readonly targetDir: string;
  readonly query: Query;
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
  const clients = new Clients({ records, seed, targetDir, repositories, urls, signal, over: over.signal, pace: options.requestPace ?? [100, 900] });
  const chatting = clients.run();
  const looking = clients.look();
  await makeFaults({ fleet, records, seed, signal, query, log, pace: options.faultPace ?? [400, 2_500] });
  log('quiet');
  await Promise.race([chatting, sleep(SETTLE_MS)]);
  await settled(query);
  log('settled');
  await caughtUp(query, records);
  over.abort();
  await Promise.all([...watching, chatting, looking]);
  log('everybody has left');
}

async function check({ fleet, records, directory, targetDir, query }: Run): Promise<readonly string[]> {
  const history = await readHistory(query);
  const broken = Object.entries(RULES).flatMap(([name, rule]) => [...rule(history, records)].map((what) => `${name}: ${what}`));
  const onDisk = await becomesEmpty(async () => [...leftOnDisk(targetDir, await readHistory(query))], SWEEP_MS);
  // First while the workers run, so that what is left is nobody's; then when they have gone, too.
  const engines = await becomesEmpty(async () => (await leftProcesses(targetDir)).filter((line) => !line.includes('dist/main.js')));
  await Promise.all(fleet.places.map((place) => fleet.stop(place, false)));
  const codes = fleet.places.flatMap(({ name, exits }) => exits.filter((code) => code !== 0).map((code) => `${name} ended with ${code}`));
  const processes = await becomesEmpty(() => leftProcesses(directory));
  return [
    ...broken,
    ...onDisk.map((what) => `disk: ${what}`),
    ...engines.map((what) => `engines left over: ${what}`),
    ...codes.map((what) => `stops are orderly: ${what}`),
    ...processes.map((what) => `processes left over: ${what}`),
  ];
}

/** What is still there after a time that is enough to clear it away. */
async function becomesEmpty(look: () => Promise<readonly string[]>, patienceMs = CLEAN_MS): Promise<readonly string[]> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const left = await look();
    if (left.length === 0 || Date.now() > deadline) return left;
    await sleep(300);
  }
}

async function settled(query: Query): Promise<void> {
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    const [row] = await query<{ open: number }>("select count(*)::int as open from compose where state in ('WAIT', 'GENERATING') or (removing_at is not null and state <> 'REMOVED')");
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

async function makeRepositories(directory: string): Promise<Record<Scenario, string>> {
  const first = join(directory, 'repositories', 'first');
  await makeRepository(first, SAMPLE_SOURCES);
  const made = await Promise.all(
    (Object.keys(CONTROLS) as Scenario[]).map(async (scenario) => {
      const path = join(directory, 'repositories', scenario);
      await cp(first, path, { recursive: true });
      await writeFile(join(path, 'fake-pungi.json'), JSON.stringify(CONTROLS[scenario]));
      return [scenario, path] as const;
    }),
  );
  return Object.fromEntries(made) as Record<Scenario, string>;
}

async function createDatabase(serverUrl: string): Promise<{ url: string; query: Query; end(): Promise<void> }> {
  const name = `odcs_chaos_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const admin = new pg.Pool({ connectionString: serverUrl, max: 1 });
  await admin.query(`create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: url.href, max: 3, min: 3, idleTimeoutMillis: 0, application_name: 'chaos' });
  pool.on('error', () => {});
  return {
    url: url.href,
    query: async <Row extends object>(sql: string, parameters: readonly unknown[] = []) => (await pool.query<Row>(sql, [...parameters])).rows,
    async end() {
      await pool.end();
      await admin.query(`drop database if exists ${name} with (force)`);
      await admin.end();
    },
  };
}
