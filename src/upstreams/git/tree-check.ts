// Checks a commit before it is written to disk (number and size of files), and its symbolic links afterwards.

import { lstat, readdir, readlink, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import { isBelow } from '../../compose/location.ts';

interface TreeBounds {
  readonly maxBytes: number;
  readonly maxFiles: number;
}

const SUBMODULE = '160000';

/** `lines`: of `git ls-tree -r -l`. Null if the tree may be checked out. Submodules stay empty directories. */
export function refuseTree(lines: readonly string[], { maxBytes, maxFiles }: TreeBounds): string | null {
  if (lines.length > maxFiles) return `holds more than ${maxFiles} files`;
  let bytes = 0;
  for (const line of lines) {
    const [, mode, size] = /^(\d{6}) \w+ [0-9a-f]+ +(\d+|-)\t/.exec(line) ?? [];
    if (!mode || !size) return 'holds a tree that cannot be read';
    if (mode !== SUBMODULE) bytes += Number(size);
  }
  return bytes > maxBytes ? `holds files of ${bytes} bytes, more than the allowed ${maxBytes}` : null;
}

/** Null if no symbolic link below `root` leads out of it. */
export async function refuseLinks(root: string): Promise<string | null> {
  const real = await realpath(root);
  const directories = [real];
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) directories.push(path);
      else if (entry.isSymbolicLink() && !(await staysInside(path, real)))
        return `holds a symbolic link that leads out of it: ${path.slice(real.length + 1)}`;
    }
  }
  return null;
}

async function staysInside(link: string, root: string): Promise<boolean> {
  const target = await readlink(link);
  if (isAbsolute(target)) return false;
  try {
    return isBelow(await realpath(link), root);
  } catch {
    // A dangling link. With `..` only at its beginning, no other link on the way can change where it leads.
    return normalize(target) === target && isBelow(resolve(dirname(link), target), root);
  }
}

/** Bytes below a directory; 0 if it does not exist. Files that vanish meanwhile do not count. */
export async function sizeOf(directory: string): Promise<number> {
  let bytes = 0;
  const entries = await readdir(directory, { withFileTypes: true, recursive: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const { size } = await lstat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }));
    bytes += size;
  }
  return bytes;
}
