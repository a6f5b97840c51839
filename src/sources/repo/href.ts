// Where metadata may point: to a file below its repository. A reference is checked by its text; in a local repository also
// by the file that it leads to.

import { lstatSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isBelow } from '../../compose/location.ts';

export const NO_SUCH_FILE = 'there is no such file';
const LEADS_OUT = 'it leads out of the repository by a symbolic link';

/** Null if the text stays inside of the repository, else the reason. */
export function refuseHref(href: string): string | null {
  if (href === '') return 'the reference is empty';
  if (/[\u0000-\u001f\u007f\\]/.test(href)) return 'it holds a control character or a backslash';
  if (href.startsWith('/') || /^[a-zA-Z][a-zA-Z0-9+.-]*:/.test(href))
    return 'it is absolute, and must be relative to the repository';
  if (/%(2e|2f|5c|00)/i.test(href)) return 'it holds an encoded dot, slash, backslash or NUL';
  if (href.split('/').includes('..')) return 'it leads out of the repository';
  return null;
}

/** Finds the files of one local repository. Each directory is resolved once. */
export class LocalFiles {
  readonly #root: string;
  readonly #directories = new Map<string, string | null>();

  /** `root`: without symbolic links. */
  constructor(root: string) {
    this.#root = root;
  }

  /** The real path and size of a regular file in the repository, or why there is none. */
  find(href: string): { readonly path: string; readonly sizeBytes: number } | string {
    const refusal = refuseHref(href);
    if (refusal) return refusal;
    try {
      const asked = join(this.#root, href);
      const directory = this.#realDirectory(dirname(asked));
      if (directory === null) return LEADS_OUT;
      let path = join(directory, asked.slice(dirname(asked).length + 1));
      let found = lstatSync(path);
      if (found.isSymbolicLink()) {
        path = realpathSync(path);
        if (!isBelow(path, this.#root)) return LEADS_OUT;
        found = lstatSync(path);
      }
      return found.isFile() ? { path, sizeBytes: found.size } : 'it is not a regular file';
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'ENOENT' || code === 'ENOTDIR' ? NO_SUCH_FILE : `it cannot be read (${code})`;
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
