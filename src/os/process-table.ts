// The processes of this host, read from Linux's /proc. While a process group or session has members, the kernel gives its
// number to no new process; a pid and a start time name one process for the whole boot. Reads are synchronous and take
// microseconds; between batches they yield to the event loop.

import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { setImmediate as yieldToLoop } from 'node:timers/promises';

export interface ProcessEntry {
  readonly pid: number;
  /** One letter, e.g. R, S, D (uninterruptible sleep), T, Z (zombie) or X (dead). */
  readonly state: string;
  readonly parent: number;
  readonly processGroup: number;
  readonly session: number;
  /** Clock ticks since boot. */
  readonly startTime: string;
}

const BATCH = 100;
const DEAD_STATES: ReadonlySet<string> = new Set(['Z', 'X', 'x']);

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

/** Null if the process does not exist. */
export function readProcess(pid: number): ProcessEntry | null {
  const stat = readProc(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The command's name is in parentheses, and may itself contain parentheses and spaces.
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
 * The `NAME=value` entries that the process was started with; null if they cannot be read. Empty for a moment while the
 * process executes another program.
 */
export function readEnvironment(pid: number): readonly string[] | null {
  return (
    readProc(`/proc/${pid}/environ`)
      ?.split('\0')
      .filter((entry) => entry !== '') ?? null
  );
}

/** The files behind stdout and stderr of a process, in the kernel's notation, e.g. `socket:[123]`. */
export function readOutputs(pid: number): readonly string[] {
  return [1, 2].flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return [];
    }
  });
}

/** Null if the process ended (ENOENT, ESRCH) or belongs to another user (EACCES, EPERM). */
function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null;
  }
}
