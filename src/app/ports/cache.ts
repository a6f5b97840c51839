// Files of an attempt that make a later one faster. Whatever becomes of them, no compose fails for it: what cannot be
// kept is not, what is damaged or gone was never there.

import type { AttemptDirectory } from './attempt-directory.ts';

/** What is wanted of those kept; letters and digits only. */
export type CacheKey = string;

export interface FileCache {
  /** Puts all that is kept under the key, and not too old, into `to`, below the attempt's scratch; false where there is nothing, and no `to`. */
  restore(key: CacheKey, attempt: AttemptDirectory, to: string): Promise<boolean>;
  /** Keeps files (paths below `from`) in place of what is kept under the key, unless that has a higher `rank`. */
  store(
    key: CacheKey,
    attempt: AttemptDirectory,
    kept: { readonly from: string; readonly paths: readonly string[]; readonly rank: number },
  ): Promise<void>;
  /** They are not what they should be. */
  invalidate(key: CacheKey, attempt: AttemptDirectory): Promise<void>;
  /** Throws away what is too old and, least recently taken first, what is too much. */
  evict(): Promise<void>;
}
