// Ends an engine with everything that it started. It is over when /proc shows nobody of the group that is neither zombie
// nor dead; signals alone prove nothing. Relies on group-members.ts for who belongs to it.

import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessGroup } from '../app/ports.ts';
import { keyOf, membersOf, type Held } from './group-members.ts';
import { isAlive, readProcess, type ProcessEntry } from '../os/process-table.ts';

/**
 * After the first TERM and after the second. Pungi needs the second while its threads are busy, and ends within 0.6 s
 * of it; whoever is still there after 1.5 s will not go by itself, and all must be over within 7 s on a busy machine too.
 */
const TERM_PATIENCE_MS = [3_000, 1_500];
/** After KILL only processes in uninterruptible sleep, or of another user, can be left: they are reported, not awaited. */
const KILL_PATIENCE_MS = 10_000;
/** Often at first, when most are gone in no time, then seldom. */
const FIRST_POLL_MS = 15;
const MAX_POLL_MS = 150;

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

/** TERM, 3 s, TERM, 1.5 s, KILL, each cut short when nobody is left. Answers who could not be killed. */
export async function stopGroup(group: ProcessGroup, held: Held): Promise<readonly Survivor[]> {
  const pursuit = new Pursuit(group, held);
  for (const patience of TERM_PATIENCE_MS) {
    if (await pursuit.isGoneAfter('SIGTERM', patience)) return [];
  }
  return pursuit.kill();
}

/**
 * KILLs what a dead worker of this host left behind. A group of another host or boot is not touched, nor is one whose
 * number has been given anew: the leader's start time tells, or, once the leader is gone, the marker of any member.
 */
export async function killLeftOver(group: ProcessGroup): Promise<readonly Survivor[]> {
  if (group.host !== hostname() || group.bootId !== currentBootId()) return [];
  return new Pursuit(group, null).kill();
}

class Pursuit {
  readonly #group: ProcessGroup;
  readonly #held: Held | null;
  #members: readonly ProcessEntry[] = [];

  constructor(group: ProcessGroup, held: Held | null) {
    this.#group = group;
    this.#held = held;
  }

  /** Signals all members, and again those that appear later; true once nobody is left. */
  async isGoneAfter(signal: NodeJS.Signals, patienceMs: number): Promise<boolean> {
    const deadline = performance.now() + patienceMs;
    const signalled = new Set<string>();
    await this.#look();
    for (let pause = FIRST_POLL_MS; this.#members.length > 0; pause = Math.min(MAX_POLL_MS, pause * 1.5)) {
      this.#signal(signal, signalled);
      const left = deadline - performance.now();
      if (left <= 0) return false;
      await delay(Math.min(pause, left));
      // Reading all of /proc costs milliseconds, and much more where all are busy. While somebody known lives, it would
      // only tell of more; after KILL it has to, as nothing else ends those that fork on and on.
      if (signal === 'SIGKILL' || !this.#members.some(livesOn)) await this.#look();
    }
    return true;
  }

  async kill(): Promise<readonly Survivor[]> {
    if (await this.isGoneAfter('SIGKILL', KILL_PATIENCE_MS)) return [];
    return this.#members.map(({ pid, state }) => ({ pid, state }));
  }

  async #look(): Promise<void> {
    this.#members = await membersOf(this.#group, this.#held, new Set(this.#members.map(keyOf)));
  }

  #signal(signal: NodeJS.Signals, signalled: Set<string>): void {
    const { pgid } = this.#group;
    // To the group as a whole first: it is atomic, no fork slips through between two of them.
    const toGroup = signalled.size === 0 && this.#members.some(({ processGroup }) => processGroup === pgid);
    if (toGroup) send(-pgid, signal);
    for (const member of this.#members) {
      const key = keyOf(member);
      // One that has left the group meanwhile was not met by what went to the group.
      if (!signalled.has(key) && !(toGroup && readProcess(member.pid)?.processGroup === pgid)) send(member.pid, signal);
      signalled.add(key);
    }
  }
}

function livesOn({ pid, startTime }: ProcessEntry): boolean {
  const entry = readProcess(pid);
  return entry?.startTime === startTime && isAlive(entry);
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
