// The real directory of a local repository, which must lie below one of the configured roots.

import { realpath, stat } from 'node:fs/promises';
import { failure } from '../../compose/failure.ts';
import { isBelow } from '../../compose/location.ts';
import { invalidSource, type Answer, type Failed } from '../../upstreams/answer.ts';

/** Symbolic links are resolved in `path` and in `roots` before they are compared. */
export async function resolveLocalDirectory(path: string, roots: readonly string[]): Promise<Answer<string>> {
  let directory: string;
  try {
    directory = await realpath(path);
    if (!(await stat(directory)).isDirectory())
      return invalidSource(`${path} is not a directory. Give the directory that holds repodata/.`);
  } catch (error) {
    return unreadable(path, error);
  }
  const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => null)));
  // The message does not say where a link leads: the requester may not know what lies outside.
  return realRoots.some((root) => root !== null && isBelow(directory, root))
    ? { value: directory }
    : invalidSource(
        `${path} is outside of the directories that repositories may be in. Ask the operators to allow it.`,
      );
}

function unreadable(path: string, error: unknown): Failed {
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return invalidSource(`There is no repository at ${path}: the directory does not exist.`);
    case 'EACCES':
    case 'EPERM':
      return invalidSource(`The service may not read the repository at ${path}. Ask the operators for access.`);
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return invalidSource(`The path ${path} cannot be resolved (${code}).`);
    default:
      return { failure: failure('STORAGE', `${path} cannot be read (${code}). Try again later.`) };
  }
}
