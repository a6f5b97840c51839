// The cache: files of an attempt that make a later attempt faster. It never fails an attempt: an error counts as a miss.

import type { AttemptDirectory } from './attempt-directory.ts';

/** Letters and digits. */
export type CacheKey = string;

export interface FileCache {
  /** Puts the files of an entry into `to`, below the attempt's scratch directory. False for a miss; then there is no `to`. */
  restore(key: CacheKey, attempt: AttemptDirectory, to: string): Promise<boolean>;
  /** Stores files, and replaces an entry of the same key unless that has a higher rank. */
  store(key: CacheKey, attempt: AttemptDirectory, files: CachedFiles): Promise<void>;
  /** Trashes all entries of a key, because their files are wrong. */
  invalidate(key: CacheKey, attempt: AttemptDirectory): Promise<void>;
  /** Trashes entries that are too old; and the least recently used ones, when the cache is too large. */
  evict(): Promise<void>;
}

export interface CachedFiles {
  readonly from: string;
  /** Relative to `from`. */
  readonly paths: readonly string[];
  /** Of two sets of files, the one with the higher rank stays. */
  readonly rank: number;
}
