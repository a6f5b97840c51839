// Finds the file or directory of a URL. Symbolic links are followed. Their targets must be visible too: inside the target
// directory and, from inside a compose, inside the same compose.

import { realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { isComposeDirectory, isVisible } from './visible.ts';

export interface Found {
  readonly kind: 'file' | 'directory';
  /** The real path of the target directory. */
  readonly root: string;
  /** The names below `root`, with symbolic links resolved. */
  readonly path: readonly string[];
}

/** Searches the target directories in order. */
export async function find(targets: readonly string[], names: readonly string[]): Promise<Found | null> {
  if (!isVisible(names)) return null;
  for (const target of targets) {
    const found = await findIn(target, names);
    if (found) return found;
  }
  return null;
}

async function findIn(target: string, names: readonly string[]): Promise<Found | null> {
  const root = await unlessAbsent(realpath(target));
  const real = root === null ? null : await unlessAbsent(realpath(join(root, ...names)));
  if (root === null || real === null) return null;
  const path = relative(root, real)
    .split(sep)
    .filter((name) => name !== '');
  if (!isVisible(path)) return null;
  const [top] = names;
  if (top !== undefined && isComposeDirectory(top) && path[0] !== top) return null;
  const stats = await unlessAbsent(stat(real));
  if (stats?.isFile()) return { kind: 'file', root, path };
  return stats?.isDirectory() ? { kind: 'directory', root, path } : null;
}

const ABSENT: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES']);

async function unlessAbsent<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof Error && 'code' in error && ABSENT.has(error.code)) return null;
    throw error;
  }
}
