// Deleting takes two steps: a rename into `.trash`, which is atomic and at once, and the deletion of what is in there,
// in the background, which goes on at the next start where it was cut short. No symlink is followed.

import { randomUUID } from 'node:crypto';
import { chmod, lstat, opendir, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { TRASH, TRASH_NAME } from './layout.ts';
import { codeOf, unlessAbsent } from './storage-failure.ts';

/** False where there was nothing to move. */
export async function moveToTrash(target: string, path: string): Promise<boolean> {
  // rename would move a symlink, not what it points to; lstat tells nothing more, and would race.
  return unlessAbsent(
    rename(path, join(target, TRASH, randomUUID())).then(() => true),
    false,
  );
}

/** Deletes what is in the trash; true when it is empty, or as good as: what cannot be deleted is told to `onProblem`. */
export async function emptyTrash(
  target: string,
  signal: AbortSignal,
  onProblem: (error: unknown) => void,
): Promise<void> {
  const trash = join(target, TRASH);
  const names = await unlessAbsent(readdir(trash), []);
  for (const name of names.filter((candidate) => TRASH_NAME.test(candidate))) {
    if (signal.aborted) return;
    try {
      await deleteTree(join(trash, name), signal);
    } catch (error) {
      onProblem(error);
    }
  }
}

/** One file at a time: deleting 100,000 of them must not starve the threads that everything else on disk needs. */
async function deleteTree(path: string, signal: AbortSignal): Promise<void> {
  const stats = await unlessAbsent(lstat(path), null);
  if (!stats) return;
  if (!stats.isDirectory()) return unlessAbsent(unlink(path), undefined);
  // An engine may leave directories that not even their owner may empty.
  if ((stats.mode & 0o700) !== 0o700) await chmod(path, 0o700);
  const directory = await unlessAbsent(opendir(path), null);
  if (!directory) return;
  for await (const entry of directory) {
    if (signal.aborted) return;
    const child = join(path, entry.name);
    if (entry.isDirectory()) await deleteTree(child, signal);
    else await unlessAbsent(unlink(child), undefined);
  }
  try {
    await rmdir(path);
  } catch (error) {
    // Another process empties the same trash.
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
