// Finds the processes of a program. These have the leader's process group or session, or the marker in their environment (which
// survives a double fork with setsid), or the leader's stdout or stderr; and the descendants of all of them. Relies on the
// process table's promises about process ids (os/process-table.ts).

import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessGroup } from '../../app/ports.ts';
import { currentBootId } from '../../os/process-identity.ts';
import {
  livingProcesses,
  readEnvironment,
  readOutputs,
  readProcess,
  type ProcessEntry,
} from '../../os/process-table.ts';

/** Environment variable that all descendants of a leader inherit. */
export const GROUP_MARKER = 'ODCS_PROCESS_GROUP';

/** What only the process that spawned the leader knows. It is not stored. */
export interface SpawnHandle {
  /** The pipes that are the leader's stdout and stderr. */
  readonly outputs: readonly string[];
}

/** Reads of the process table while a process is in the middle of an exec. */
const MAX_READS = 5;

/** The process group of a leader that was just spawned and not yet waited for. */
export function describeGroup(leader: number): ProcessGroup {
  const entry = readProcess(leader);
  if (!entry) throw new Error(`process ${leader} ended before its start time was read`);
  return { pgid: leader, startTime: entry.startTime, bootId: currentBootId(), host: hostname() };
}

export function markerOf(group: ProcessGroup): string {
  return `${group.bootId}/${group.pgid}/${group.startTime}`;
}

/** Identifies a process until the next boot. */
export function keyOf({ pid, startTime }: ProcessEntry): string {
  return `${pid}/${startTime}`;
}

/**
 * The living processes of a group. Empty when another program has its process id by now. `earlier`: keys of members from the
 * last call. They stay members, even after the death of the parent that identified them.
 */
export async function membersOf(
  group: ProcessGroup,
  handle: SpawnHandle | null = null,
  earlier: ReadonlySet<string> = new Set(),
): Promise<readonly ProcessEntry[]> {
  for (let read = 1; ; read++) {
    const candidates = (await livingProcesses()).filter((entry) => mayBelongTo(entry, group));
    const environments = new Map(candidates.map(({ pid }) => [pid, readEnvironment(pid)]));
    // In the middle of an exec, a process has an empty environment and would lack the marker.
    const isUnclear = [...environments.values()].some((environment) => environment?.length === 0);
    if (isUnclear && read < MAX_READS) {
      await delay(2);
      continue;
    }
    const marker = `${GROUP_MARKER}=${markerOf(group)}`;
    const isMarked = ({ pid }: ProcessEntry): boolean => environments.get(pid)?.includes(marker) ?? false;
    const hasGroupId = groupIdTest(group, handle, candidates.filter(isMarked));
    const isMember = (entry: ProcessEntry): boolean =>
      isMarked(entry) ||
      hasGroupId(entry) ||
      earlier.has(keyOf(entry)) ||
      (handle !== null && readOutputs(entry.pid).some((output) => handle.outputs.includes(output)));
    return withDescendants(candidates.filter(isMember), candidates);
  }
}

/** Excludes kernel threads (session 0), and processes older than the leader, which cannot descend from it. */
function mayBelongTo({ session, startTime }: ProcessEntry, group: ProcessGroup): boolean {
  return session !== 0 && Number(startTime) >= Number(group.startTime);
}

/**
 * Tests for the group's id, if it still belongs to the group. A leader, even a zombie, has its start time. Without a leader, a
 * marked process with the id proves it; and the process that spawned the leader knows it, as it has just seen the leader end.
 */
function groupIdTest(
  group: ProcessGroup,
  handle: SpawnHandle | null,
  marked: readonly ProcessEntry[],
): (entry: ProcessEntry) => boolean {
  const hasGroupId = (entry: ProcessEntry): boolean =>
    entry.processGroup === group.pgid || entry.session === group.pgid;
  const leader = readProcess(group.pgid);
  const isOurs = leader ? leader.startTime === group.startTime : handle !== null || marked.some(hasGroupId);
  return isOurs ? hasGroupId : () => false;
}

/** A child that left its group and cleared its environment is found by its parent, as long as that lives. */
function withDescendants(
  members: readonly ProcessEntry[],
  candidates: readonly ProcessEntry[],
): readonly ProcessEntry[] {
  const all = new Map(members.map((entry) => [entry.pid, entry]));
  for (let size = 0; size !== all.size;) {
    size = all.size;
    for (const entry of candidates) if (all.has(entry.parent)) all.set(entry.pid, entry);
  }
  return [...all.values()];
}
