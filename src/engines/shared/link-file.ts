// Links a package into a compose: by reflink, else by hard link, else by copying. A method that the file system refuses is not
// tried again for other files.

import { constants, copyFileSync, linkSync } from 'node:fs';

export type LinkMode = 'auto' | 'reflink' | 'hardlink' | 'copy';

export interface Linker {
  /** Throws the error of the last method. */
  link(from: string, to: string): void;
  /** Linked files by method. */
  readonly counts: Readonly<Record<LinkMethod, number>>;
}

type LinkMethod = Exclude<LinkMode, 'auto'>;

/** Impossible between these directories, or for this user (fs.protected_hardlinks). */
const REFUSED = new Set(['EXDEV', 'EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'ENOTTY', 'EMLINK']);

export function createLinker(mode: LinkMode): Linker {
  const counts = { reflink: 0, hardlink: 0, copy: 0 };
  const methods: LinkMethod[] = mode === 'auto' ? ['reflink', 'hardlink', 'copy'] : [mode];
  return {
    counts,
    link(from, to) {
      for (const method of methods.slice()) {
        try {
          linkBy(method, from, to);
          counts[method]++;
          return;
        } catch (error) {
          const code = (error as NodeJS.ErrnoException).code ?? '';
          const isLast = method === methods.at(-1);
          if (isLast || !REFUSED.has(code)) throw error;
          // EMLINK is about one file, which has the maximum number of links.
          if (code !== 'EMLINK') methods.splice(methods.indexOf(method), 1);
        }
      }
    },
  };
}

function linkBy(method: LinkMethod, from: string, to: string): void {
  switch (method) {
    case 'reflink':
      return copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    case 'hardlink':
      return linkSync(from, to);
    case 'copy':
      return copyFileSync(from, to, constants.COPYFILE_EXCL);
  }
}
