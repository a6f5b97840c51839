// What is left on disk and among the processes when all has come to an end.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { livingProcesses, readEnvironment } from '../../../src/engines/process-table.ts';
import type { History } from './history.ts';

/** Directories without a live compose, live composes without one, attempts that have ended, trash. */
export function* leftOnDisk(targetDir: string, { composes, eventsOf }: History): Iterable<string> {
  const names = (directory: string) => (existsSync(join(targetDir, directory)) ? readdirSync(join(targetDir, directory)) : []);
  // A shared result is kept until the last sharer is gone.
  const live = new Set([...composes.values()].filter(({ state }) => state === 'DONE').map(({ id, reuses }) => reuses ?? id));
  for (const name of names('.')) {
    const id = /^odcs-(\d+)$/.exec(name)?.[1];
    if (id !== undefined && !live.has(id)) yield `${name} is there, its compose is ${composes.get(id)?.state}`;
  }
  for (const { id, state, removing, reuses } of composes.values()) {
    const directory = join(targetDir, `odcs-${id}`);
    if (state === 'DONE' && !removing && !existsSync(join(targetDir, `odcs-${reuses ?? id}`))) yield `odcs-${reuses ?? id} is not there, compose ${id} is DONE`;
    if (existsSync(directory)) yield* publishedBy(directory, id, eventsOf(id).findLast(({ to }) => to === 'DONE')?.attempt);
  }
  for (const name of names('.attempts')) yield `.attempts/${name} is left`;
  for (const name of names('.trash')) yield `.trash/${name} is left`;
  for (const id of names('.logs')) if (composes.get(id)?.state === 'REMOVED' && !live.has(id)) yield `.logs/${id} is left of a removed compose`;
}

/** Pungi writes the attempt's directory into its log: what is published must be of the attempt that became DONE. */
function* publishedBy(directory: string, id: string, attempt: number | undefined): Iterable<string> {
  const log = join(directory, 'logs', 'global', 'pungi.global.log');
  if (!existsSync(log)) return;
  const attempts = new Set([...readFileSync(log, 'utf8').matchAll(/\.attempts\/\d+\.(\d+)/g)].map(([, number]) => Number(number)));
  for (const other of attempts) if (other !== attempt) yield `odcs-${id} was made by attempt ${other}, DONE says ${attempt}`;
}

/** Living processes whose environment names the run's directory: workers, engines and all that they started. */
export async function leftProcesses(directory: string): Promise<readonly string[]> {
  const living = await livingProcesses();
  return living
    .filter(({ pid }) => readEnvironment(pid)?.some((entry) => entry.includes(directory)))
    .map(({ pid }) => `${pid}: ${commandOf(pid)}`);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 200);
  } catch {
    return 'gone';
  }
}
