// What is overwritten or filled once, and is no event: progress, and the packages of a finished compose.

import type { ReadPolicy } from '../../compose/read-policy.ts';
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
  /** In the order of `ids`. Found with the compose itself, or with one that reuses it. */
  findMany(ids: readonly string[], policy: ReadPolicy): Promise<readonly (ComposeProgress | null)[]>;
}

export interface PackagesQuery {
  readonly limit: number;
  readonly after?: string;
  readonly nameContains?: string;
}

/** The packages of a compose are found with the compose itself, or with one that reuses it. */
export interface PackageStore {
  /** A page of each, ordered by path, in the order of `composeIds`. */
  pages(
    composeIds: readonly string[],
    query: PackagesQuery,
    policy: ReadPolicy,
  ): Promise<readonly Page<PackageRecord>[]>;
  counts(
    composeIds: readonly string[],
    nameContains: string | undefined,
    policy: ReadPolicy,
  ): Promise<readonly number[]>;
  /**
   * Binary packages, by NEVRA, that only one of two composes has, whatever tree they are in; null where there are more
   * than `limit` in all.
   */
  differences(
    fromId: string,
    toId: string,
    limit: number,
    policy: ReadPolicy,
  ): Promise<{ readonly from: readonly PackageRecord[]; readonly to: readonly PackageRecord[] } | null>;
}
