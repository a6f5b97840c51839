// Where metadata may point: to a file below the repository, and nowhere else. The words alone are looked at here; for a
// local repository, what is really there as well.

import { lstatSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isBelow } from '../../compose/location.ts';

/** Null where the href stays inside by its words, else why not. */
export function refuseHref(href: string): string | null {
  if (href === '') return 'the reference is empty';
  if (/[\u0000-\u001f\u007f\\]/.test(href)) return 'it holds a control character or a backslash';
  if (href.startsWith('/') || /^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(href))
    return 'it is absolute, and must be relative to the repository';
  if (/%(2e|2f|5c|00)/i.test(href)) return 'it holds an encoded dot, slash, backslash or NUL';
  if (href.split('/').includes('..')) return 'it leads out of the repository';
  return null;
}

/** Looks up files below one local repository; directories are resolved once each. */
export class LocalFiles {
  readonly #root: string;
  readonly #directories = new Map<string, string | null>();

  /** `root` after realpath. */
  constructor(root: string) {
    this.#root = root;
  }

  /** The real path of a regular file inside the repository and its size, or why there is none. */
  find(href: string): { readonly path: string; readonly sizeBytes: number } | string {
    const refusal = refuseHref(href);
    if (refusal) return refusal;
    try {
      const asked = join(this.#root, href);
      const directory = this.#realDirectory(dirname(asked));
      if (directory === null) return 'it leads out of the repository by a symbolic link';
      let path = join(directory, asked.slice(dirname(asked).length + 1));
      let found = lstatSync(path);
      if (found.isSymbolicLink()) {
        path = realpathSync(path);
        if (!isBelow(path, this.#root)) return 'it leads out of the repository by a symbolic link';
        found = lstatSync(path);
      }
      return found.isFile() ? { path, sizeBytes: found.size } : 'it is not a regular file';
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'ENOENT' || code === 'ENOTDIR' ? 'there is no such file' : `it cannot be read (${code})`;
    }
  }

  #realDirectory(path: string): string | null {
    const known = this.#directories.get(path);
    if (known !== undefined) return known;
    const real = realpathSync(path);
    const directory = isBelow(real, this.#root) ? real : null;
    this.#directories.set(path, directory);
    return directory;
  }
}
