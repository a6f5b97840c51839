// Results on disk: the target directories with their composes, attempts, logs and cached files.

import type { Compose } from '../../compose/compose.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import type { AttemptDirectory } from './attempt-directory.ts';
import type { FileCache } from './cache.ts';
import type { PackageRecord } from './package-record.ts';
import type { Service } from './platform.ts';

/** Thrown by `Results` when the file system refuses: full, read-only, not mounted, or of another database. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly failure: ComposeFailure;

  constructor(failure: ComposeFailure, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}

/** Thrown by `Results` when a later attempt of the compose has begun, or has trashed the files of this one. */
export class AttemptSuperseded extends Error {
  override readonly name = 'AttemptSuperseded';
}

/** A directory with a name of the service. Only the database can tell whether it is still needed. */
export interface Leftover {
  readonly kind: 'published' | 'attempt' | 'logs';
  readonly id: string;
  /** Null unless the kind is `attempt`. */
  readonly attempt: number | null;
  /** Relative to the target directory. */
  readonly path: string;
}

/** URLs of a served compose. */
export interface ComposeUrls {
  readonly toplevel: string;
  /** Null for a raw configuration, which has variants of its own. */
  readonly repository: string | null;
  /** Null for a raw configuration. */
  readonly repofile: string | null;
}

export interface LogChunk {
  readonly text: string;
  /** Byte offset behind the text. */
  readonly nextOffset: number;
}

/** A target directory is named as in the settings. All methods with a promise can reject with `StorageError`. */
export interface Results extends Service {
  readonly cache: FileCache;
  /** Target directories that are mounted here and belong to this database; they can be full or read-only. */
  reachableTargets(): Promise<readonly string[]>;
  /** Null when the target directory is mounted, writable, not full, and belongs to this database. */
  checkTarget(targetDir: string): Promise<ComposeFailure | null>;
  /** Directories of the service that have not changed since `before`. */
  findLeftovers(targetDir: string, before: Date): Promise<readonly Leftover[]>;
  /** Does nothing when the leftover has become something else since it was found. */
  trashLeftover(targetDir: string, leftover: Leftover): Promise<void>;
  /** Deletes the content of the trash, in the background. */
  purgeTrash(): void;
  /** Ids of the composes that a `latest-*` link points to. These must not be removed. */
  latestComposeIds(targetDir: string): Promise<ReadonlySet<string>>;
  /** Makes new directories, and trashes those of earlier attempts. Rejects with `AttemptSuperseded`. */
  beginAttempt(compose: Compose): Promise<AttemptDirectory>;
  /** The packages of a generated attempt, from metadata/rpms.json. Does not block the event loop. */
  readManifest(attempt: AttemptDirectory): Promise<readonly PackageRecord[]>;
  writeRepoFile(compose: Compose, attempt: AttemptDirectory): Promise<void>;
  /**
   * Makes the attempt's files visible by one rename. Call it in the transaction that makes the compose DONE, and again when
   * that was not committed. Rejects with `AttemptSuperseded`.
   */
  publish(compose: Compose, attempt: AttemptDirectory): Promise<void>;
  /** Points the `latest-*` links of a raw configuration to the compose, except for links to a newer compose. */
  linkLatest(compose: Compose, isNewer: (id: string) => Promise<boolean>): Promise<void>;
  /** Trashes the files and the scratch directory of an attempt. */
  trashAttempt(attempt: AttemptDirectory): Promise<void>;
  /**
   * Trashes the files of all attempts up to the compose's current one, and its published files unless it is DONE. Call it with
   * the compose's row locked.
   */
  trashAttempts(compose: Compose): Promise<void>;
  /** Trashes the published files, all attempts and the logs. */
  trashCompose(compose: Compose): Promise<void>;
  /** Text of the .repo file; null when the compose is not served or has none. */
  repoFile(compose: Compose): string | null | Promise<string | null>;
  /** Null when the compose is not served. */
  urls(compose: Compose): ComposeUrls | null;
  /** Appends to the log of an attempt, in the background. */
  appendLog(compose: Compose, attempt: number, text: string): void;
  /** Settles when the appended text is on disk. */
  flushLog(compose: Compose, attempt: number): Promise<void>;
  /**
   * Whole lines from byte `offset`, at most 64 KiB; empty when there are none yet. `upToEnd` includes a last line without a
   * line end, for a log that is complete.
   */
  readLog(compose: Compose, attempt: number, offset: number, upToEnd: boolean): Promise<LogChunk>;
}
