// Which process a pid means. The kernel reuses pids, but not together with a start time and a boot id.

import { readFileSync } from 'node:fs';
import { isAlive, readProcess } from './process-table.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly startTime: string;
  readonly bootId: string;
}

/** Null if the process does not exist, or is a zombie. */
export function identify(pid: number): ProcessIdentity | null {
  const entry = readProcess(pid);
  return entry && isAlive(entry) ? { pid, startTime: entry.startTime, bootId: currentBootId() } : null;
}

let bootId: string | undefined;

export function currentBootId(): string {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return bootId;
}

/** Whether this very process still runs. */
export function stillRuns(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now !== null && now.startTime === identity.startTime && now.bootId === identity.bootId;
}
