// Ends an engine with everything that it started. Whatever bears the leader's group, its session, or the marker that
// supervisor.ts puts into the environment (which a double fork with setsid inherits) belongs to the group. It is over
// when /proc shows no such process that is neither zombie nor dead; signals alone prove nothing.

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessGroup } from '../app/ports.ts';
import { livingProcesses, readEnvironment, readProcess, type ProcessEntry } from './process-table.ts';

/** Environment variable that all descendants of a leader inherit. */
export const GROUP_MARKER = 'ODCS_PROCESS_GROUP';

/**
 * After the first TERM and after the second. Pungi needs the second while its threads are busy, and ends within 0.6 s
 * of it; whoever is still there after 2 s will not go by itself, and all must be over within 7 s on a busy machine too.
 */
const TERM_PATIENCE_MS = [3_000, 2_000];
/** After KILL only processes in uninterruptible sleep, or of another user, can be left: they are reported, not awaited. */
const KILL_PATIENCE_MS = 10_000;
/** Reading /proc costs milliseconds: often at first, when most are gone in no time, then seldom. */
const FIRST_POLL_MS = 15;
const MAX_POLL_MS = 150;
const MAX_LOOKS = 5;

/** A process that outlived SIGKILL. */
export interface Survivor {
  readonly pid: number;
  readonly state: string;
}

/** The group that a process leads that has just been spawned detached and has not been waited for. */
export function describeGroup(leader: number): ProcessGroup {
  const entry = readProcess(leader);
  if (!entry) throw new Error(`process ${leader} ended before it could be looked at`);
  return { pgid: leader, startTime: entry.startTime, bootId: currentBootId(), host: hostname() };
}

export function markerOf(group: ProcessGroup): string {
  return `${group.bootId}/${group.pgid}/${group.startTime}`;
}

/** TERM, 3 s, TERM, 2 s, KILL, each cut short when nobody is left. Answers who could not be killed. */
export async function stopGroup(group: ProcessGroup): Promise<readonly Survivor[]> {
  for (const patience of TERM_PATIENCE_MS) {
    if (await goneAfter(group, 'SIGTERM', patience)) return [];
  }
  return killGroup(group);
}

/**
 * KILLs what a dead worker of this host left behind. A group of another host or boot is not touched, nor is one whose
 * number has been given anew: the leader's start time tells, or, once the leader is gone, the marker of any member.
 */
export async function killLeftOver(group: ProcessGroup): Promise<readonly Survivor[]> {
  if (group.host !== hostname() || group.bootId !== currentBootId()) return [];
  return killGroup(group);
}

async function killGroup(group: ProcessGroup): Promise<readonly Survivor[]> {
  if (await goneAfter(group, 'SIGKILL', KILL_PATIENCE_MS)) return [];
  return (await membersOf(group)).map(({ pid, state }) => ({ pid, state }));
}

/** Signals all members, and again those that appear later; true once nobody is left. */
async function goneAfter(group: ProcessGroup, signal: NodeJS.Signals, patienceMs: number): Promise<boolean> {
  const deadline = performance.now() + patienceMs;
  const signalled = new Set<string>();
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(MAX_POLL_MS, pause * 1.5)) {
    const members = await membersOf(group);
    if (members.length === 0) return true;
    // To the group as a whole first: it is atomic, no fork slips through between two of them.
    if (signalled.size === 0 && members.some((member) => member.processGroup === group.pgid)) send(-group.pgid, signal);
    for (const member of members) {
      const key = `${member.pid}/${member.startTime}`;
      if (signalled.has(key)) continue;
      if (signalled.size > 0 || member.processGroup !== group.pgid) send(member.pid, signal);
    }
    for (const member of members) signalled.add(`${member.pid}/${member.startTime}`);
    const left = deadline - performance.now();
    if (left <= 0) return false;
    await delay(Math.min(pause, left));
  }
}

/** Living processes of the group; none where its number belongs to somebody else by now. */
export async function membersOf(group: ProcessGroup): Promise<readonly ProcessEntry[]> {
  for (let look = 1; ; look++) {
    const candidates = (await livingProcesses()).filter((entry) => mayBelongTo(entry, group));
    const environments = new Map(candidates.map(({ pid }) => [pid, readEnvironment(pid)]));
    // In the middle of an exec a process shows no environment, and could be taken for a stranger: look again.
    const isUnclear = [...environments.values()].some((environment) => environment?.length === 0);
    if (!isUnclear || look === MAX_LOOKS) return chooseMembers(group, candidates, environments);
    await delay(2);
  }
}

/** Kernel threads have session 0; what is older than the leader does not descend from it. */
function mayBelongTo({ session, startTime }: ProcessEntry, group: ProcessGroup): boolean {
  return session !== 0 && Number(startTime) >= Number(group.startTime);
}

function chooseMembers(
  group: ProcessGroup,
  candidates: readonly ProcessEntry[],
  environments: ReadonlyMap<number, readonly string[] | null>,
): readonly ProcessEntry[] {
  const marker = `${GROUP_MARKER}=${markerOf(group)}`;
  const isMarked = ({ pid }: ProcessEntry): boolean => environments.get(pid)?.includes(marker) ?? false;
  const bearsNumber = (entry: ProcessEntry): boolean => entry.processGroup === group.pgid || entry.session === group.pgid;
  const leader = readProcess(group.pgid);
  // A zombie leader still holds its number. Without one, a marked member proves that the number was never let go.
  const isOurs = leader ? leader.startTime === group.startTime : candidates.some((entry) => bearsNumber(entry) && isMarked(entry));
  return candidates.filter((entry) => isMarked(entry) || (isOurs && bearsNumber(entry)));
}

function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    // ESRCH: it was faster. EPERM: another user's; it is reported as a survivor.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

let bootId: string | undefined;

export function currentBootId(): string {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return bootId;
}
