// A lock on a directory for one process. It is a file that names its holder. The file appears whole, because a hard link is
// atomic; if its holder is gone, one of the processes that want it takes it over by a rename.

import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, stillRuns, type ProcessIdentity } from './process-identity.ts';

export interface DirectoryLock {
  release(): void;
}

export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse';
}

/** Throws `DirectoryInUse` if a running process holds the lock. */
export function lockDirectory(directory: string): DirectoryLock {
  const lock = join(directory, 'lock');
  const own = join(directory, `lock.${process.pid}`);
  const text = JSON.stringify(identify(process.pid));
  writeFileSync(own, text, { mode: 0o600 });
  try {
    while (!linkIfAbsent(own, lock)) {
      const found = read(lock);
      if (found === null) continue;
      refuseIfHeld(directory, found);
      removeStale(lock, found, directory);
    }
  } finally {
    rmSync(own, { force: true });
  }
  return {
    release() {
      if (read(lock) === text) rmSync(lock, { force: true });
    },
  };
}

function linkIfAbsent(source: string, lock: string): boolean {
  try {
    linkSync(source, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function read(lock: string): string | null {
  try {
    return readFileSync(lock, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function refuseIfHeld(directory: string, found: string): void {
  const holder = JSON.parse(found) as ProcessIdentity;
  if (!stillRuns(holder)) return;
  throw new DirectoryInUse(
    `${directory} is in use by process ${holder.pid}. A data directory serves one process: stop that process, or set another directory with ODCS_DATA_DIR.`,
  );
}

function removeStale(lock: string, stale: string, directory: string): void {
  const aside = join(directory, `lock.${process.pid}.stale`);
  try {
    renameSync(lock, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // Another process was faster, and this is its lock: it goes back.
  if (read(aside) !== stale) linkIfAbsent(aside, lock);
  rmSync(aside, { force: true });
}
