// Who is alive, read from /proc. Relies on two promises of Linux: a number is not given to a new process while a
// process group or session of that number has members, and (pid, start time) names one process for the whole boot.
// Reads are synchronous, a few microseconds each, and yield to the event loop between batches.

import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { setImmediate as yieldToLoop } from 'node:timers/promises';

export interface ProcessEntry {
  readonly pid: number;
  /** One letter: R, S, D (uninterruptible sleep), T, Z (zombie), X (dead) … */
  readonly state: string;
  readonly parent: number;
  readonly processGroup: number;
  readonly session: number;
  /** Clock ticks since boot. */
  readonly startTime: string;
}

const BATCH = 100;
const DEAD_STATES: ReadonlySet<string> = new Set(['Z', 'X', 'x']);

/** Every process that is neither zombie nor dead. */
export async function livingProcesses(): Promise<readonly ProcessEntry[]> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const living: ProcessEntry[] = [];
  for (const [index, name] of pids.entries()) {
    if (index > 0 && index % BATCH === 0) await yieldToLoop();
    const entry = readProcess(Number(name));
    if (entry && isAlive(entry)) living.push(entry);
  }
  return living;
}

/** Neither zombie nor dead. */
export function isAlive({ state }: ProcessEntry): boolean {
  return !DEAD_STATES.has(state);
}

/** Null where there is no such process (any more). */
export function readProcess(pid: number): ProcessEntry | null {
  const stat = readProc(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The command's name stands in parentheses and may itself hold parentheses and blanks.
  const [state, parent, processGroup, session, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startTime = rest[15];
  if (!state || !parent || !processGroup || !session || !startTime) return null;
  return {
    pid,
    state,
    parent: Number(parent),
    processGroup: Number(processGroup),
    session: Number(session),
    startTime,
  };
}

/**
 * The `NAME=value` entries that the process was started with; null where they may not be read. None at all where it is
 * in the middle of an exec, for a moment.
 */
export function readEnvironment(pid: number): readonly string[] | null {
  return (
    readProc(`/proc/${pid}/environ`)
      ?.split('\0')
      .filter((entry) => entry !== '') ?? null
  );
}

/** Where stdout and stderr of a process go, as the kernel names it (`socket:[123]`). */
export function readOutputs(pid: number): readonly string[] {
  return [1, 2].flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

/** Reading races with processes that end (ENOENT, ESRCH) and meets those of others (EACCES, EPERM): all mean "not ours to see". */
function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
