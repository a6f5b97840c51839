// Who belongs to an engine: all that bear the leader's group or session, the marker that supervisor.ts puts into the
// environment (which a double fork with setsid inherits), or the leader's own stdout or stderr, and all that descend from
// those. Relies on what the process table promises about numbers.

import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessGroup } from '../app/ports.ts';
import { livingProcesses, readEnvironment, readOutputs, readProcess, type ProcessEntry } from '../os/process-table.ts';

/** Environment variable that all descendants of a leader inherit. */
export const GROUP_MARKER = 'ODCS_PROCESS_GROUP';

/** What whoever started a group knows of it beyond what is stored. */
export interface Held {
  /** Where its leader writes to: pipes that nobody else has. */
  readonly outputs: readonly string[];
}

const MAX_LOOKS = 5;

export function markerOf(group: ProcessGroup): string {
  return `${group.bootId}/${group.pgid}/${group.startTime}`;
}

/** One process for the whole boot. */
export function keyOf({ pid, startTime }: ProcessEntry): string {
  return `${pid}/${startTime}`;
}

/**
 * Living processes of the group; none where its number belongs to somebody else by now. `known` were members when they
 * were looked at last, and still are, though the parent that told is gone.
 */
export async function membersOf(
  group: ProcessGroup,
  held: Held | null = null,
  known: ReadonlySet<string> = new Set(),
): Promise<readonly ProcessEntry[]> {
  for (let look = 1; ; look++) {
    const candidates = (await livingProcesses()).filter((entry) => mayBelongTo(entry, group));
    const environments = new Map(candidates.map(({ pid }) => [pid, readEnvironment(pid)]));
    // In the middle of an exec a process shows no environment, and could be taken for a stranger: look again.
    const isUnclear = [...environments.values()].some((environment) => environment?.length === 0);
    if (isUnclear && look < MAX_LOOKS) {
      await delay(2);
      continue;
    }
    const marker = `${GROUP_MARKER}=${markerOf(group)}`;
    const isMarked = ({ pid }: ProcessEntry): boolean => environments.get(pid)?.includes(marker) ?? false;
    const bearsNumber = numberTest(group, held, candidates.filter(isMarked));
    const isMember = (entry: ProcessEntry): boolean =>
      isMarked(entry) ||
      bearsNumber(entry) ||
      known.has(keyOf(entry)) ||
      (held !== null && readOutputs(entry.pid).some((output) => held.outputs.includes(output)));
    return withDescendants(candidates.filter(isMember), candidates);
  }
}

/** Kernel threads have session 0; what is older than the leader does not descend from it. */
function mayBelongTo({ session, startTime }: ProcessEntry, group: ProcessGroup): boolean {
  return session !== 0 && Number(startTime) >= Number(group.startTime);
}

/**
 * A zombie leader still holds its number. Without one, a marked member proves that the number was never let go; whoever
 * started the leader, and has just seen it end, needs no proof.
 */
function numberTest(
  group: ProcessGroup,
  held: Held | null,
  marked: readonly ProcessEntry[],
): (entry: ProcessEntry) => boolean {
  const bearsNumber = (entry: ProcessEntry): boolean =>
    entry.processGroup === group.pgid || entry.session === group.pgid;
  const leader = readProcess(group.pgid);
  const isOurs = leader ? leader.startTime === group.startTime : held !== null || marked.some(bearsNumber);
  return isOurs ? bearsNumber : () => false;
}

/** A child that left its group and threw its environment away is known by its parent, for as long as that lives. */
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
