// Results on disk.

import type { Compose } from '../../compose/compose.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import type { AttemptDirectory } from './attempt-directory.ts';
import type { FileCache } from './cache.ts';
import type { Service } from './platform.ts';
import type { PackageRecord } from './package-record.ts';

/** Thrown by `Results` where the file system refuses (full, read-only, gone, somebody else's); `failure` is what to tell. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly failure: ComposeFailure;

  constructor(failure: ComposeFailure, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}

/** Thrown by `Results` where what an attempt wrote is a later one's to clear away, or was cleared away. */
export class AttemptSuperseded extends Error {
  override readonly name = 'AttemptSuperseded';
}

/** A directory by a name that is ours: whether it is still needed is for the database to say. */
export interface Leftover {
  readonly kind: 'published' | 'attempt' | 'logs';
  readonly id: string;
  readonly attempt: number | null;
  /** Below the target directory. */
  readonly path: string;
}

export interface Results extends Service {
  readonly cache: FileCache;
  /** Names of the target directories that are there, here, and this database's; a full or read-only one, too. */
  reachableTargets(): Promise<readonly string[]>;
  /** What lies there by names that are ours and has not been touched since `before`. */
  findLeftovers(targetDir: string, before: Date): Promise<readonly Leftover[]>;
  /** Moves a leftover to the trash, if it is still what was found. */
  trashLeftover(targetDir: string, leftover: Leftover): Promise<void>;
  /** Deletes, in the background, what processes that died have left in the trash. */
  purgeTrash(): void;
  /** Ids of the composes that a link `latest-…` points to: they are not to be removed. */
  latestComposeIds(targetDir: string): Promise<ReadonlySet<string>>;
  /** Null where the target directory is there, writable, not full and of this database. */
  checkTarget(targetDir: string): Promise<ComposeFailure | null>;
  /**
   * A fresh directory for the attempt; whatever earlier attempts left is moved to the trash first. Rejects where a later
   * attempt has begun.
   */
  beginAttempt(compose: Compose): Promise<AttemptDirectory>;
  /** Packages of a generated attempt, from compose/metadata/rpms.json, read off the event loop. */
  readManifest(attempt: AttemptDirectory): Promise<readonly PackageRecord[]>;
  /** The .repo file, into the attempt's directory. */
  writeRepoFile(compose: Compose, attempt: AttemptDirectory): Promise<void>;
  /**
   * One rename; called inside the transaction that makes the compose DONE, and again where that was not committed.
   * Rejects with `AttemptSuperseded` where the directory was taken away. `discard` afterwards clears the scratch.
   */
  publish(compose: Compose, attempt: AttemptDirectory): Promise<void>;
  /** Leads the links `latest-…` of a raw configuration to a compose that is DONE, but for those that lead to a newer one. */
  linkLatest(compose: Compose, isNewer: (id: string) => Promise<boolean>): Promise<void>;
  /** Moves what there is of an attempt (files and scratch) to the trash, from where it is deleted in time. */
  trashAttempt(attempt: AttemptDirectory): Promise<void>;
  /**
   * Moves what attempts up to the compose's left, published without having become DONE included, to the trash; called
   * with the row locked.
   */
  trashAttempts(compose: Compose): Promise<void>;
  /** Moves a published compose and its logs to the trash. */
  trashCompose(compose: Compose): Promise<void>;
  /** The text of the .repo file of a compose that is served; null where there is none. */
  repoFile(compose: Compose): string | null | Promise<string | null>;
  /** Without a repository and its .repo file where the compose has variants of its own. */
  urls(
    compose: Compose,
  ): { readonly toplevel: string; readonly repository: string | null; readonly repofile: string | null } | null;
  appendLog(compose: Compose, attempt: number, text: string): void;
  /** Waits until what was appended is on disk. */
  flushLog(compose: Compose, attempt: number): Promise<void>;
  /** Bytes of an attempt's log from `offset`, whole lines, 64 KiB at most; empty where there is none yet. */
  readLog(
    compose: Compose,
    attempt: number,
    offset: number,
    upToEnd: boolean,
  ): Promise<{ readonly text: string; readonly nextOffset: number }>;
}
