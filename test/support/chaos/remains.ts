// What is left on disk and among the processes when all has come to an end.

import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { livingProcesses, readEnvironment, type ProcessEntry } from '../../../src/os/process-table.ts';
import type { History, Query } from './history.ts';
import type { Engine } from './witness.ts';

const OURS: ReadonlySet<string> = new Set(['.attempts', '.logs', '.odcs-instance', '.trash']);

/** `madeBy`: which attempt made what is published of a compose. */
export interface Disk {
  readonly targetDir: string;
  madeBy(id: string): number | null;
}

/** Directories without a live compose, live composes without one, attempts that have ended, trash, and whatever is strange. */
export function* leftOnDisk(disk: Disk, { composes, eventsOf }: History): Iterable<string> {
  const { targetDir } = disk;
  const names = (directory: string) =>
    existsSync(join(targetDir, directory)) ? readdirSync(join(targetDir, directory)) : [];
  // A shared result is kept until the last sharer is gone.
  const live = new Set(
    [...composes.values()].filter(({ state }) => state === 'DONE').map(({ id, reuses }) => reuses ?? id),
  );
  for (const name of names('.')) {
    const id = /^odcs-(\d+)$/.exec(name)?.[1];
    if (id === undefined ? !OURS.has(name) : !live.has(id))
      yield `${name} is there, its compose is ${composes.get(id ?? '')?.state}`;
  }
  for (const { id, state, reuses } of composes.values()) {
    const root = reuses ?? id;
    if (state !== 'DONE') continue;
    if (existsSync(join(targetDir, `odcs-${root}`)))
      yield* publishedBy(disk, root, eventsOf(root).findLast(({ to }) => to === 'DONE')?.attempt);
    else yield `odcs-${root} is not there, compose ${id} is DONE`;
  }
  for (const name of names('.attempts')) yield `.attempts/${name} is left`;
  for (const name of names('.trash')) yield `.trash/${name} is left`;
  for (const id of names('.logs')) {
    const state = composes.get(id)?.state ?? 'unknown';
    if (state === 'unknown' || (state === 'REMOVED' && !live.has(id)))
      yield `.logs/${id} is left of a compose that is ${state}`;
  }
}

/** What is published must be of the attempt that became DONE: by its inode, and by Pungi, which writes where it was at work into its log. */
function* publishedBy({ targetDir, madeBy }: Disk, id: string, attempt: number | undefined): Iterable<string> {
  const directory = join(targetDir, `odcs-${id}`);
  const maker = madeBy(id);
  if (maker !== attempt) yield `odcs-${id} is the directory of attempt ${maker}, DONE says ${attempt}`;
  if (!existsSync(join(directory, 'compose', 'Temporary', 'x86_64', 'os', 'repodata', 'repomd.xml')))
    yield `odcs-${id} has no repository`;
  const log = join(directory, 'logs', 'global', 'pungi.global.log');
  if (!existsSync(log)) return;
  const attempts = new Set(
    [...readFileSync(log, 'utf8').matchAll(/\.attempts\/\d+\.(\d+)/g)].map(([, number]) => Number(number)),
  );
  if (attempts.size === 0) yield `odcs-${id} does not say what made it`;
  for (const other of attempts)
    if (other !== attempt) yield `odcs-${id} was made by attempt ${other}, DONE says ${attempt}`;
}

/** Rows of processes that are no more. */
export async function leftInTables(query: Query, livingWorkers: number): Promise<readonly string[]> {
  const [left] = await query<Record<string, number>>(LEFT_IN_TABLES, [livingWorkers]);
  return Object.entries(left ?? {}).flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what}`]));
}

const LEFT_IN_TABLES = `
  select (select count(*) from process_group)::int as "process groups", (select greatest(0, count(*) - $1) from worker)::int as "workers too many",
    (select count(*) from queue_entry)::int as "queue entries"`;

const LEASES = "select pid from worker where refreshed_at > clock_timestamp() - interval '3 seconds'";

/** Of these workers, those that are up and are no workers to the others: whatever was done to them is over. */
export async function withoutLease(query: Query, pids: readonly number[]): Promise<readonly string[]> {
  const leased = new Set((await query<{ pid: number }>(LEASES)).map(({ pid }) => pid));
  return pids.filter((pid) => !leased.has(pid)).map((pid) => `process ${pid} keeps no lease`);
}

/** Living processes whose environment, arguments or working directory name the run's directory. */
export async function leftProcesses(directory: string): Promise<readonly string[]> {
  const living = await livingProcesses();
  return living.filter(({ pid }) => pid !== process.pid && namesDirectory(pid, directory)).map(describe);
}

function namesDirectory(pid: number, directory: string): boolean {
  return (
    (readEnvironment(pid)?.some((entry) => entry.includes(directory)) ?? false) ||
    commandOf(pid).includes(directory) ||
    workingDirectoryOf(pid).startsWith(directory)
  );
}

/** Living processes of these groups or sessions; the number alone may have been given anew. */
export async function livingOf(
  engines: readonly Engine[],
): Promise<readonly (Engine & { readonly process: string })[]> {
  if (engines.length === 0) return [];
  const byGroup = Map.groupBy(engines, ({ pgid }) => pgid);
  return (await livingProcesses()).flatMap((entry) => {
    const engine = [...(byGroup.get(entry.processGroup) ?? []), ...(byGroup.get(entry.session) ?? [])].find(
      ({ startTime }) => Number(entry.startTime) >= Number(startTime),
    );
    return engine ? [{ ...engine, process: describe(entry) }] : [];
  });
}

function describe({ pid, state }: ProcessEntry): string {
  return `${pid} (${state}): ${commandOf(pid)}`;
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 200);
  } catch {
    return 'gone';
  }
}

function workingDirectoryOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
