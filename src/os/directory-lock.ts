// One process per directory. The lock is a file that names its holder; it appears whole (link is atomic), and one whose
// holder is gone is taken over, by a rename that only one of several comers wins.

import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, stillRuns, type ProcessIdentity } from './process-identity.ts';

export interface DirectoryLock {
  release(): void;
}

export class DirectoryInUse extends Error {
  override readonly name = 'DirectoryInUse';
}

export function lockDirectory(directory: string): DirectoryLock {
  const lock = join(directory, 'lock');
  const mine = join(directory, `lock.${process.pid}`);
  const text = JSON.stringify(identify(process.pid));
  writeFileSync(mine, text, { mode: 0o600 });
  try {
    while (!appears(mine, lock)) {
      const found = read(lock);
      if (found === null) continue;
      refuseIfHeld(directory, found);
      takeAway(lock, found, directory);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  return {
    release() {
      if (read(lock) === text) rmSync(lock, { force: true });
    },
  };
}

function appears(source: string, lock: string): boolean {
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
    `${directory} is in use by process ${holder.pid}: only one service may run on a data directory. Stop that one, or give this one a directory of its own (ODCS_DATA_DIR).`,
  );
}

function takeAway(lock: string, stale: string, directory: string): void {
  const aside = join(directory, `lock.${process.pid}.stale`);
  try {
    renameSync(lock, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // Another comer was faster, and this is its lock: give it back and look again.
  if (read(aside) !== stale) appears(aside, lock);
  rmSync(aside, { force: true });
}
