// The checks at the end of a run: the event log by the rules, then leftovers on disk, among the processes and in the tables.

import { setTimeout as sleep } from 'node:timers/promises';
import type { DiskWatch } from './disk-watch.ts';
import type { Fleet } from './fleet.ts';
import { readHistory, type Query } from './history.ts';
import type { Records } from './records.ts';
import {
  leftoverJobs,
  leftoverRows,
  leftoversOnDisk,
  leftoverProcesses,
  livingProcessesOf,
  workersWithoutLease,
} from './leftovers.ts';
import { brokenRules } from './rules.ts';
import { enginesOfEndedAttempts } from './audit-triggers.ts';

export interface Run {
  readonly fleet: Fleet;
  readonly records: Records;
  readonly directory: string;
  readonly targetDir: string;
  readonly disk: DiskWatch;
  readonly query: Query;
  readonly databaseUrl: string;
}

const CLEAN_UP_MS = 25_000;
/** The chore `purge-trash` runs once a minute. */
const PURGE_MS = 90_000;

export async function checkRun({
  fleet,
  records,
  directory,
  targetDir,
  disk,
  query,
  databaseUrl,
}: Run): Promise<readonly string[]> {
  const brokenRuleTexts = brokenRules(await readHistory(query), records);
  const withoutLease = await becomesEmpty(() =>
    workersWithoutLease(
      query,
      fleet.workers.map(({ process }) => process?.child.pid ?? 0),
    ),
  );
  await fleet.restartWorkers();
  const publishedAttempt = (id: string) => disk.publishedAttempt(id);
  const onDisk = await becomesEmpty(
    async () => [...leftoversOnDisk({ targetDir, publishedAttempt }, await readHistory(query))],
    PURGE_MS,
  );
  // Here the workers still run, and must have cleaned up; below they have stopped.
  const engines = await becomesEmpty(async () => [
    ...(await leftoverProcesses(targetDir)).filter((line) => !line.includes('dist/main.js')),
    ...(await livingProcessesOf(await enginesOfEndedAttempts(query))).map(({ process }) => process),
  ]);
  const rows = await becomesEmpty(() => leftoverRows(query, fleet.workers.length));
  const jobs = await becomesEmpty(() => leftoverJobs(databaseUrl));
  await Promise.all(fleet.instances.map((instance) => fleet.stop(instance, false)));
  const codes = fleet.instances.flatMap(({ name, exits }) =>
    exits.filter((code) => code !== 0).map((code) => `${name} exited with ${code}`),
  );
  const processes = await becomesEmpty(() => leftoverProcesses(directory));
  return [
    ...records.violations,
    ...brokenRuleTexts,
    ...withoutLease.map((what) => `workers keep their leases: ${what}`),
    ...onDisk.map((what) => `disk: ${what}`),
    ...engines.map((what) => `leftover engines: ${what}`),
    ...rows.map((what) => `leftover rows: ${what}`),
    ...jobs.map((what) => `leftover jobs: ${what}`),
    ...codes.map((what) => `stops are orderly: ${what}`),
    ...processes.map((what) => `leftover processes: ${what}`),
    ...(await leftoverRows(query, 0)).map((what) => `leftover rows after all processes stopped: ${what}`),
  ];
}

/** Repeats the check until it finds nothing; returns what it finds at the timeout. */
async function becomesEmpty(
  find: () => Promise<readonly string[]>,
  timeoutMs = CLEAN_UP_MS,
): Promise<readonly string[]> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const left = await find();
    if (left.length === 0 || Date.now() > deadline) return left;
    await sleep(300);
  }
}
