// The progress of attempts, and the packages of composes. Neither has events.

import type { PackageVersions } from '../../compose/package-diff.ts';
import type { ReadPolicy } from '../../compose/read-policy.ts';
import type { PackageRecord } from './package-record.ts';
import type { Page } from './page.ts';

export interface ComposeProgress {
  readonly attempt: number;
  /** 0 to 100; never falls within an attempt. */
  readonly percent: number;
  readonly phase: string;
  readonly message: string | null;
  readonly updatedAt: Date;
}

export interface ProgressStore {
  /** Stores the progress, unless a later attempt has begun, and wakes subscribers. app/attempt/progress-reporter.ts limits the rate. */
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
  /** The packages of a compose with these NEVRAs, each once, in any order. */
  byNevra(composeId: string, nevras: readonly string[], policy: ReadPolicy): Promise<readonly PackageRecord[]>;
  /** The packages of which two composes have different versions: binary packages in any tree, by name and arch. */
  differences(
    fromId: string,
    toId: string,
    query: DifferencesQuery,
    policy: ReadPolicy,
  ): Promise<readonly PackageVersions[]>;
}

export interface DifferencesQuery {
  /** The first package; without it from the beginning. */
  readonly from?: { readonly name: string; readonly arch: string };
  readonly nameContains?: string;
  /** The number of packages; without it all. */
  readonly limit?: number;
}
