// Which process a pid means: a pid alone may have been given anew, its start time and the boot it belongs to may not.
// Relies on Linux's /proc.

import { readFileSync } from 'node:fs';
import { isAlive, readProcess } from './process-table.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since boot. */
  readonly startTime: string;
  readonly bootId: string;
}

/** Null where there is no such process, or only its zombie. */
export function identify(pid: number): ProcessIdentity | null {
  const entry = readProcess(pid);
  return entry && isAlive(entry) ? { pid, startTime: entry.startTime, bootId: currentBootId() } : null;
}

let bootId: string | undefined;

export function currentBootId(): string {
  bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return bootId;
}

export function stillRuns(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now !== null && now.startTime === identity.startTime && now.bootId === identity.bootId;
}
