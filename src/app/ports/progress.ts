// What is overwritten or filled once, and is no event: progress, and the packages of a finished compose.

import type { PackageRecord } from './package-record.ts';
import type { Page } from './page.ts';

export interface ComposeProgress {
  readonly attempt: number;
  /** 0 to 100, never falling within one attempt. */
  readonly percent: number;
  readonly phase: string;
  readonly message: string | null;
  readonly updatedAt: Date;
}

export interface ProgressStore {
  /** Conditional on the attempt; wakes subscribers. Callers coalesce (app/progress-reporter.ts). */
  put(composeId: string, progress: ComposeProgress): Promise<void>;
  findMany(ids: readonly string[]): Promise<readonly (ComposeProgress | null)[]>;
}

export interface PackagesQuery {
  readonly limit: number;
  readonly after?: string;
  readonly nameContains?: string;
}

export interface PackageStore {
  /** A page of each, ordered by path, in the order of `composeIds`. */
  pages(composeIds: readonly string[], query: PackagesQuery): Promise<readonly Page<PackageRecord>[]>;
  counts(composeIds: readonly string[], nameContains?: string): Promise<readonly number[]>;
  /**
   * Binary packages, by NEVRA, that only one of two composes has, whatever tree they are in; null where there are more
   * than `limit` in all.
   */
  differences(
    fromId: string,
    toId: string,
    limit: number,
  ): Promise<{ readonly from: readonly PackageRecord[]; readonly to: readonly PackageRecord[] } | null>;
}
