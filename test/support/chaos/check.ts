// The checks at the end of a run: the log by the rules, then what is left on disk, among the processes and in the tables.

import { setTimeout as sleep } from 'node:timers/promises';
import type { DiskWatch } from './disk-watch.ts';
import type { Fleet } from './fleet.ts';
import { readHistory, type Query } from './history.ts';
import type { Records } from './records.ts';
import { leftInTables, leftOnDisk, leftProcesses, livingOf, withoutLease } from './remains.ts';
import { brokenRules } from './rules.ts';
import { enginesOfEnded } from './witness.ts';

export interface Run {
  readonly fleet: Fleet;
  readonly records: Records;
  readonly directory: string;
  readonly targetDir: string;
  readonly disk: DiskWatch;
  readonly query: Query;
}

const CLEAN_MS = 25_000;
/** The sweep for leftovers comes once a minute. */
const SWEEP_MS = 90_000;

export async function check({ fleet, records, directory, targetDir, disk, query }: Run): Promise<readonly string[]> {
  const broken = brokenRules(await readHistory(query), records);
  const idle = await becomesEmpty(() =>
    withoutLease(
      query,
      fleet.workers.map(({ process }) => process?.child.pid ?? 0),
    ),
  );
  await fleet.restartWorkers();
  const madeBy = (id: string) => disk.madeBy(id);
  const onDisk = await becomesEmpty(
    async () => [...leftOnDisk({ targetDir, madeBy }, await readHistory(query))],
    SWEEP_MS,
  );
  // First while the workers run, so that what is left is nobody's; then when they have gone, too.
  const engines = await becomesEmpty(async () => [
    ...(await leftProcesses(targetDir)).filter((line) => !line.includes('dist/main.js')),
    ...(await livingOf(await enginesOfEnded(query))).map(({ process }) => process),
  ]);
  const rows = await becomesEmpty(() => leftInTables(query, fleet.workers.length));
  await Promise.all(fleet.places.map((place) => fleet.stop(place, false)));
  const codes = fleet.places.flatMap(({ name, exits }) =>
    exits.filter((code) => code !== 0).map((code) => `${name} ended with ${code}`),
  );
  const processes = await becomesEmpty(() => leftProcesses(directory));
  return [
    ...records.violations,
    ...broken,
    ...idle.map((what) => `workers work again: ${what}`),
    ...onDisk.map((what) => `disk: ${what}`),
    ...engines.map((what) => `engines left over: ${what}`),
    ...rows.map((what) => `rows left over: ${what}`),
    ...codes.map((what) => `stops are orderly: ${what}`),
    ...processes.map((what) => `processes left over: ${what}`),
    ...(await leftInTables(query, 0)).map((what) => `rows left over once all had stopped: ${what}`),
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
