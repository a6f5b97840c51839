// How a package gets into a compose without its bytes being copied, where the file system lets it: reflink, else hard
// link, else copy. What one file system refuses it refuses for every file, so that is tried once.

import { constants, copyFileSync, linkSync } from 'node:fs';

export type LinkMode = 'auto' | 'reflink' | 'hardlink' | 'copy';

export interface Linker {
  /** Throws the error of the last way that was tried. */
  link(from: string, to: string): void;
  /** How many files came in which way. */
  readonly counts: Readonly<Record<Exclude<LinkMode, 'auto'>, number>>;
}

type Way = Exclude<LinkMode, 'auto'>;

/** No way between these directories, or not for this user (fs.protected_hardlinks): try another. */
const REFUSED = new Set(['EXDEV', 'EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'ENOTTY', 'EMLINK']);

export function createLinker(mode: LinkMode): Linker {
  const counts = { reflink: 0, hardlink: 0, copy: 0 };
  const ways: Way[] = mode === 'auto' ? ['reflink', 'hardlink', 'copy'] : [mode];
  return {
    counts,
    link(from, to) {
      for (const way of ways.slice()) {
        try {
          attempt(way, from, to);
          counts[way]++;
          return;
        } catch (error) {
          const code = (error as NodeJS.ErrnoException).code ?? '';
          const isLast = way === ways.at(-1);
          if (isLast || !REFUSED.has(code)) throw error;
          // One file has as many links as it may; the next may have none.
          if (code !== 'EMLINK') ways.splice(ways.indexOf(way), 1);
        }
      }
    },
  };
}

function attempt(way: Way, from: string, to: string): void {
  switch (way) {
    case 'reflink':
      return copyFileSync(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    case 'hardlink':
      return linkSync(from, to);
    case 'copy':
      return copyFileSync(from, to, constants.COPYFILE_EXCL);
  }
}
