// Ends a program with all its processes. It is over when /proc shows no living process of the group; a sent signal alone
// proves nothing.

import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessGroup } from '../../app/ports.ts';
import { currentBootId } from '../../os/process-identity.ts';
import { isAlive, readProcess, type ProcessEntry } from '../../os/process-table.ts';
import { keyOf, membersOf, type SpawnHandle } from './group-members.ts';

/**
 * Waiting times after the first and the second SIGTERM. Pungi needs the second one while its threads are busy, and then ends
 * within 0.6 s. In all it must take less than 7 s, even on a busy machine.
 */
const TERM_WAIT_MS = [3_000, 1_500];
/** After SIGKILL, only processes in uninterruptible sleep or of another user can be left. They are reported. */
const KILL_WAIT_MS = 10_000;
/** Most processes end within milliseconds; later polls are rarer. */
const FIRST_POLL_MS = 15;
const MAX_POLL_MS = 150;

/** A process that survived SIGKILL. */
export interface Survivor {
  readonly pid: number;
  readonly state: string;
}

/** Sends SIGTERM, waits 3 s, SIGTERM, waits 1.5 s, SIGKILL. Settles as soon as no process is left. */
export async function terminateGroup(group: ProcessGroup, handle: SpawnHandle): Promise<readonly Survivor[]> {
  const terminator = new ProcessGroupTerminator(group, handle);
  for (const waitMs of TERM_WAIT_MS) {
    if (await terminator.signalAll('SIGTERM', waitMs)) return [];
  }
  return terminator.kill();
}

/**
 * Kills the processes that a dead worker of this host left. Does nothing for a group of another host or boot, or when another
 * program has the process id by now (group-members.ts).
 */
export async function killOrphanedGroup(group: ProcessGroup): Promise<readonly Survivor[]> {
  if (group.host !== hostname() || group.bootId !== currentBootId()) return [];
  return new ProcessGroupTerminator(group, null).kill();
}

class ProcessGroupTerminator {
  readonly #group: ProcessGroup;
  readonly #handle: SpawnHandle | null;
  #members: readonly ProcessEntry[] = [];

  constructor(group: ProcessGroup, handle: SpawnHandle | null) {
    this.#group = group;
    this.#handle = handle;
  }

  /** Signals all members, and those that appear later. True when no member is left. */
  async signalAll(signal: NodeJS.Signals, waitMs: number): Promise<boolean> {
    const deadline = performance.now() + waitMs;
    const signalled = new Set<string>();
    await this.#readMembers();
    for (let pause = FIRST_POLL_MS; this.#members.length > 0; pause = Math.min(MAX_POLL_MS, pause * 1.5)) {
      this.#signal(signal, signalled);
      const left = deadline - performance.now();
      if (left <= 0) return false;
      await delay(Math.min(pause, left));
      // Reading all of /proc is slow on a busy machine. While a known member lives, it is needed after SIGKILL only, which
      // must also reach processes that keep forking.
      if (signal === 'SIGKILL' || !this.#members.some(stillLives)) await this.#readMembers();
    }
    return true;
  }

  async kill(): Promise<readonly Survivor[]> {
    if (await this.signalAll('SIGKILL', KILL_WAIT_MS)) return [];
    return this.#members.map(({ pid, state }) => ({ pid, state }));
  }

  async #readMembers(): Promise<void> {
    this.#members = await membersOf(this.#group, this.#handle, new Set(this.#members.map(keyOf)));
  }

  #signal(signal: NodeJS.Signals, signalled: Set<string>): void {
    const { pgid } = this.#group;
    // The group as a whole first: that is atomic, so that no fork escapes between two signals.
    const toGroup = signalled.size === 0 && this.#members.some(({ processGroup }) => processGroup === pgid);
    if (toGroup) send(-pgid, signal);
    for (const member of this.#members) {
      const key = keyOf(member);
      // A member that has left the group since the read did not get the group's signal.
      if (!signalled.has(key) && !(toGroup && readProcess(member.pid)?.processGroup === pgid)) send(member.pid, signal);
      signalled.add(key);
    }
  }
}

function stillLives({ pid, startTime }: ProcessEntry): boolean {
  const entry = readProcess(pid);
  return entry?.startTime === startTime && isAlive(entry);
}

function send(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    // ESRCH: the process has ended. EPERM: it belongs to another user, and is reported as a survivor.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
