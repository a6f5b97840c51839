// Deleting has two steps: trash (one rename into `.trash`) and purge (delete the bytes later, in the background). A purge that
// was interrupted continues after the next start. It follows no symbolic link.

import { randomUUID } from 'node:crypto';
import { chmod, lstat, opendir, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { TRASH, TRASH_NAME } from './layout.ts';
import { codeOf, unlessAbsent } from './storage-failure.ts';

/** False when there is nothing at the path. */
export async function moveToTrash(target: string, path: string): Promise<boolean> {
  return unlessAbsent(
    rename(path, join(target, TRASH, randomUUID())).then(() => true),
    false,
  );
}

/** Deletes what is in the trash. Passes the error of an item that cannot be deleted to `onError`, and continues. */
export async function purgeTrash(
  target: string,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Promise<void> {
  const trash = join(target, TRASH);
  const names = await unlessAbsent(readdir(trash), []);
  for (const name of names.filter((candidate) => TRASH_NAME.test(candidate))) {
    if (signal.aborted) return;
    try {
      await deleteTree(join(trash, name), signal);
    } catch (error) {
      onError(error);
    }
  }
}

/** Deletes one file at a time, so that 100,000 files do not occupy the threads that all file operations share. */
async function deleteTree(path: string, signal: AbortSignal): Promise<void> {
  const stats = await unlessAbsent(lstat(path), null);
  if (!stats) return;
  if (!stats.isDirectory()) return unlessAbsent(unlink(path), undefined);
  // An engine can leave directories that their owner may not write to.
  if ((stats.mode & 0o700) !== 0o700) await chmod(path, 0o700);
  const directory = await unlessAbsent(opendir(path), null);
  if (!directory) return;
  for await (const entry of directory) {
    if (signal.aborted) return;
    const child = join(path, entry.name);
    if (entry.isDirectory()) await deleteTree(child, signal);
    else await unlessAbsent(unlink(child), undefined);
  }
  // Another process can purge the same trash.
  await rmdir(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
}
