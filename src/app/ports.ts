// What the use cases need of the world. Rooms outside implement these; nothing here knows how. Expected failures are
// values (`ComposeFailure`, `Refusal`); a rejected promise is a bug or a lost connection.

import type { Compose, ComposeEvent, Lifecycle } from '../compose/compose.ts';
import type { ComposeFailure } from '../compose/failure.ts';
import type { PungiIdentity } from '../compose/pungi-identity.ts';
import type { ComposeRequest } from '../compose/request.ts';
import type { ComposeSource } from '../compose/source.ts';
import type { ComposeEventKind, ComposeState, ComposeType, EngineName, SourceType } from '../compose/vocabulary.ts';

// ------------------------------------------------------------------ the platform

export interface Clock {
  now(): Date;
}

export interface Logger {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
  child(bindings: object): Logger;
}

/** A long-lived part. Both are safe to call twice; `stop` is bounded in time. */
export interface Service {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** One SQL statement of a fixed text, in the transaction it was handed out for or outside any. Bigints and instants come as strings. */
export type RunStatement = <Row extends object>(sql: string, parameters: readonly unknown[]) => Promise<readonly Row[]>;

// ------------------------------------------------------------------ composes and their events

export interface ComposeFilter {
  readonly ids?: readonly string[];
  readonly owners?: readonly string[];
  readonly states?: readonly ComposeState[];
  readonly sourceTypes?: readonly SourceType[];
  readonly source?: string;
  readonly composeTypes?: readonly ComposeType[];
  readonly label?: string;
  readonly pungiComposeId?: string;
  readonly submittedAfter?: Date;
  readonly submittedBefore?: Date;
}

export type ComposeOrderField = 'ID' | 'SUBMITTED_AT' | 'DONE_AT' | 'REMOVED_AT' | 'EXPIRES_AT';

/** Where a page begins or ends: the value ordered by (null = the column is NULL) and the id that breaks ties. */
export interface PageKey {
  readonly value: string | null;
  readonly id: string;
}

export interface PageQuery {
  readonly filter: ComposeFilter;
  readonly orderBy: { readonly field: ComposeOrderField; readonly direction: 'ASC' | 'DESC' };
  readonly limit: number;
  /** `after` counts forwards from a key, `before` backwards; rows come in `orderBy` order either way. */
  readonly after?: PageKey;
  readonly before?: PageKey;
  readonly backwards: boolean;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

export interface NewCompose extends ComposeRequest {
  readonly owner: string;
  readonly idempotencyKey: string | null;
  readonly submittedAt: Date;
  readonly expiresAt: Date;
  readonly stateReason: string;
}

/** What is told of a change besides the compose itself. */
export interface ChangeNote {
  readonly kind: Exclude<ComposeEventKind, 'SNAPSHOT' | 'PROGRESSED'>;
  readonly at: Date;
  readonly by: string;
  readonly reason: string | null;
}

/** Columns a change may set besides the lifecycle. */
export interface ComposePatch {
  readonly source?: ComposeSource;
  readonly pungiComposeId?: string;
  readonly pungiConfigDump?: string;
  readonly engineName?: EngineName;
  /** Equal for composes that may share one result. */
  readonly digest?: string;
}

/** `prepare` is light: it looks whether there is a result to share. `generate` runs an engine. */
export type Lane = 'prepare' | 'generate';

/** One transaction. Everything done through it is committed together or not at all. */
export interface ComposeTransaction {
  /** The compose, its first event (seq 1, to WAIT) and its idempotency key. */
  insert(compose: NewCompose, idempotency: Idempotency | null): Promise<Compose>;
  /** The compose, its row locked until the end of the transaction. */
  lock(id: string): Promise<Compose | null>;
  /**
   * The row and its event, seq + 1; with `note` null the row alone (a removal that begins: REMOVED follows).
   * `compose` must have been locked in this transaction.
   */
  save(compose: Compose, next: Lifecycle, note: ChangeNote | null, patch?: ComposePatch): Promise<Compose>;
  /** Columns that are not worth an event. */
  patch(compose: Compose, patch: ComposePatch): Promise<Compose>;
  /** Sends the job that makes a worker see to it; part of the transaction. */
  enqueue(compose: Compose, lane: Lane): Promise<void>;
  /** The compose of this digest whose result there is or will be; locked against its end until the transaction's. */
  findRoot(digest: string): Promise<Compose | null>;
  /** Those GENERATING by sharing what `rootId` generates, oldest first, locked. */
  lockSharers(rootId: string): Promise<readonly Compose[]>;
  /** Fills the packages of a compose that is being published. */
  insertPackages(id: string, packages: readonly PackageRecord[]): Promise<void>;
  deletePackages(id: string): Promise<void>;
}

export interface Idempotency {
  readonly owner: string;
  readonly mutation: 'createCompose' | 'renewCompose';
  readonly key: string;
  /** Digest of the input: the same key with another is a CONFLICT. */
  readonly digest: string;
}

export interface ComposeStore {
  /** Retries once on a serialization failure or deadlock; never on anything else. */
  transaction<T>(work: (tx: ComposeTransaction) => Promise<T>): Promise<T>;
  find(id: string): Promise<Compose | null>;
  /** In the order of `ids`, null where there is none. */
  findMany(ids: readonly string[]): Promise<readonly (Compose | null)[]>;
  page(query: PageQuery): Promise<Page<Compose>>;
  count(filter: ComposeFilter): Promise<{ readonly count: number; readonly isEstimate: boolean }>;
  findByIdempotencyKey(key: Omit<Idempotency, 'digest'>): Promise<{ readonly composeId: string; readonly digest: string } | null>;
  /** WAIT composes of this digest, oldest first. */
  waitingFor(digest: string): Promise<readonly string[]>;
  /** Those that share the result of `rootId` and are not REMOVED, oldest first. */
  sharersOf(rootId: string): Promise<readonly string[]>;
  /** What the sweep has to see to, oldest first. */
  due(what: DueQuery): Promise<readonly string[]>;
  /** 1 = next; null for one that does not wait. In the order of `ids`. */
  queuePositions(ids: readonly string[]): Promise<readonly (number | null)[]>;
}

export type DueQuery =
  /** DONE or FAILED, expired at `at`, nobody removes them yet. */
  | { readonly what: 'EXPIRED'; readonly at: Date; readonly limit: number }
  /** Their removal was begun at `before` or earlier and is not finished. */
  | { readonly what: 'HALF_REMOVED'; readonly before: Date; readonly limit: number }
  /** Roots that have ended while some of their sharers have not. */
  | { readonly what: 'ORPHANED_SHARERS'; readonly limit: number }
  /** WAIT, submitted at `before` or earlier. */
  | { readonly what: 'WAITED_TOO_LONG'; readonly before: Date; readonly limit: number };

/** Thrown by `ComposeTransaction.save` where another compose of the same digest became the root first. */
export class RootTaken extends Error {
  override readonly name = 'RootTaken';
}

/** Thrown by `ComposeTransaction.insert` where another transaction took the idempotency key first. */
export class IdempotencyKeyTaken extends Error {
  override readonly name = 'IdempotencyKeyTaken';
}

export interface EventLog {
  /** Position of the last event that is visible to readers. */
  head(): Promise<bigint>;
  /** In commit order, `limit` at most. For one compose by `composeId`, for those a filter lets through by `filter`. */
  read(query: {
    readonly after: bigint;
    readonly limit: number;
    readonly composeId?: string;
    readonly filter?: ComposeFilter;
  }): Promise<readonly FeedItem[]>;
}

/** An event and its compose, the event's snapshot laid over it. Frozen: all subscribers share one object. */
export interface FeedItem {
  readonly event: ComposeEvent;
  readonly compose: Compose;
}

export interface FeedProgress {
  readonly compose: Compose;
  readonly progress: ComposeProgress;
  readonly position: bigint;
}

export type FeedSignal = ({ readonly type: 'event' } & FeedItem) | ({ readonly type: 'progress' } & FeedProgress);

/** What happens, as it happens, to all composes, through one reader per process. */
export interface Feed extends Service {
  /**
   * Every event after `after` in commit order, none missing, none twice, then live ones. A follower that is too slow
   * falls back to reading the log from its own position. Ends when `signal` aborts.
   */
  follow(options: {
    readonly after: bigint;
    readonly composeId?: string;
    readonly filter?: ComposeFilter;
    readonly progress: boolean;
    readonly signal: AbortSignal;
  }): AsyncIterableIterator<FeedSignal>;
  /** Connected and caught up: part of /readyz. */
  readonly ready: boolean;
}

// ------------------------------------------------------------------ progress, packages

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

export interface PackageRecord {
  readonly nevra: string;
  readonly name: string;
  readonly arch: string;
  readonly sourceNevra: string | null;
  readonly sigkey: string | null;
  /** Below the compose's `compose/` directory. */
  readonly path: string;
  readonly sizeBytes: number | null;
  /** The tree's arch, e.g. x86_64 for a noarch package in the x86_64 tree. */
  readonly treeArch: string;
  readonly category: 'binary' | 'source' | 'debug';
}

export interface PackageStore {
  /** Ordered by path. */
  page(composeId: string, query: { readonly limit: number; readonly after?: string; readonly nameContains?: string }): Promise<Page<PackageRecord>>;
  count(composeId: string, nameContains?: string): Promise<number>;
}

// ------------------------------------------------------------------ work

export interface Job {
  readonly composeId: string;
  /** Aborts when the queue takes the job away. */
  readonly signal: AbortSignal;
}

export interface WorkQueue extends Service {
  /** Sends the job of a compose in the transaction of `run`, in place of an open one; for `ComposeTransaction.enqueue`. */
  send(run: RunStatement, compose: Compose, lane: Lane): Promise<void>;
  /** Hands over one job at a time to each of `concurrency` slots, until stopped. */
  work(lane: Lane, concurrency: number, handle: (job: Job) => Promise<void>): Promise<void>;
  /** No further jobs; those under way go on. */
  stopWorking(): Promise<void>;
  /** Sends the jobs of WAIT composes that have none, and drops those of composes that have ended. For the sweep. */
  reconcile(): Promise<{ readonly sent: number; readonly dropped: number }>;
}

/** A process group that an engine runs in; enough to end it from another process of this host, and nothing else. */
export interface ProcessGroup {
  readonly pgid: number;
  /** Start time of the leader in clock ticks since boot, from /proc: a pid alone may have been given anew. */
  readonly startTime: string;
  readonly bootId: string;
  readonly host: string;
}

export interface WorkerIdentity {
  readonly id: string;
  readonly host: string;
  readonly bootId: string;
  readonly pid: number;
  /** The pool that routing rules send composes to. */
  readonly pool: string;
}

/** An attempt that a worker holds by the database's account. */
export interface Claim {
  readonly composeId: string;
  readonly attempt: number;
  readonly cancelRequested: boolean;
}

/** Who generates what. A worker's row is its lease: not refreshed for long enough, it is lost. */
export interface WorkerRegistry {
  register(worker: WorkerIdentity): Promise<void>;
  /** Refreshes the lease and answers what the worker holds; null where its row is gone, because it was taken for lost. */
  refresh(workerId: string): Promise<readonly Claim[] | null>;
  retire(workerId: string): Promise<void>;
  /** Drops the rows of workers that have not refreshed for so long, and answers every attempt that no living worker holds. */
  reap(olderThanMs: number): Promise<readonly Claim[]>;
  registerProcessGroup(claim: Pick<Claim, 'composeId' | 'attempt'>, group: ProcessGroup): Promise<void>;
  forgetProcessGroups(claim: Pick<Claim, 'composeId' | 'attempt'>): Promise<void>;
  /** Groups of this host whose attempt nobody living holds any more. */
  orphanedProcessGroups(host: string): Promise<readonly (ProcessGroup & Pick<Claim, 'composeId' | 'attempt'>)[]>;
}

/** One process at a time does a chore, whichever it is; it lets go when its transaction ends or its connection breaks. */
export interface Leadership {
  /** Null where another process does it just now. */
  whenLeader<T>(chore: string, work: () => Promise<T>): Promise<T | null>;
}

export interface EngineInfo {
  readonly name: EngineName;
  readonly version: string | null;
  readonly sourceTypes: readonly SourceType[];
  readonly available: boolean;
}

export interface Generation {
  readonly compose: Compose;
  readonly attempt: number;
  readonly identity: PungiIdentity;
  readonly input: ResolvedInput;
  /** `.attempts/<id>.<n>`, there and empty: what is left in it at the end is the compose's directory. */
  readonly directory: string;
  /** For configuration, caches and downloads; on the same file system, removed afterwards. */
  readonly scratch: string;
  /** Aborts for a cancel, a deadline, a drain. The engine settles only when none of its processes is left. */
  readonly signal: AbortSignal;
  progress(percent: number, phase: string, message?: string): void;
  /** Lines of the engine's output; server paths are replaced by whoever writes them. */
  log(text: string): void;
  /** Called before a process group may outlive this process. */
  registerProcessGroup(group: ProcessGroup): Promise<void>;
}

export interface Engine {
  readonly name: EngineName;
  info(): Promise<EngineInfo>;
  /** Null: generated, results are in `directory`. After an abort the answer is not looked at. */
  generate(generation: Generation): Promise<ComposeFailure | null>;
}

// ------------------------------------------------------------------ sources

export type { ProcessOutcome, ProcessRun, ProcessRunner } from './process-runner.ts';

/** A repository that was looked at: its metadata was fetched, checked against repomd.xml, and found within bounds. */
export interface OpenedRepository {
  readonly arch: string;
  /** `$basearch` replaced; an absolute path after realpath, or a URL with a trailing slash. */
  readonly location: string;
  readonly isLocal: boolean;
  readonly revision: string | null;
  readonly repomdSha256: string;
  /** A local directory holding repodata/ with repomd.xml and every metadata file it names that is needed. */
  readonly metadataDirectory: string;
  /** Its packages, read and checked: a file in scratch with one line each (`decodePackage`). */
  readonly packageIndex: string;
}

/** Brings packages of remote repositories here, within the bounds that are set for sources. */
export interface PackageDownloads {
  /** Resumes and retries by itself; null when `to` is there, whole, with the size and checksum expected. Rejects after an abort. */
  download(wanted: {
    readonly url: string;
    readonly to: string;
    readonly sizeBytes: number;
    readonly checksumType: string;
    readonly checksum: string;
    readonly signal: AbortSignal;
  }): Promise<ComposeFailure | null>;
}

/** Hands out what the metadata of an opened repository tells of some of its packages. */
export interface PackageMetadata {
  /**
   * Writes a repodata/ into `to`. `packages` is a file with a line for each: JSON of its checksum, its location in the
   * repository, and the one it is to have. False where the repository has changed since it was opened.
   */
  extract(wanted: { readonly repository: OpenedRepository; readonly packages: string; readonly to: string; readonly signal: AbortSignal }): Promise<boolean>;
}

export interface ResolvedInput {
  /** As asked, with what it resolved to filled in. */
  readonly source: ComposeSource;
  /** As `identify` would have it, of what was really read. */
  readonly fingerprint: readonly string[];
  readonly repositories: readonly OpenedRepository[];
  readonly lookasides: readonly OpenedRepository[];
}

export interface SourceResolver {
  /** What the source holds just now, in few bytes: equal for equal content. Cheap; the reason of a failure is `resolve`'s to tell. */
  identify(compose: Compose, signal: AbortSignal): Promise<{ readonly fingerprint: readonly string[] } | { readonly failure: ComposeFailure }>;
  resolve(
    compose: Compose,
    context: { readonly scratch: string; readonly signal: AbortSignal; log(text: string): void },
  ): Promise<{ readonly input: ResolvedInput } | { readonly failure: ComposeFailure }>;
}

/** The event at which composes of a tag are taken for as long as nothing changes in it, so that they can be shared. */
export interface CanonicalEvent {
  readonly profile: string;
  readonly tag: string;
  /** Whether what the tag inherits is part of the compose. */
  readonly inheritance: boolean;
  readonly event: number;
}

/** One row per (profile, tag, inheritance). */
export interface KojiEventStore {
  find(profile: string, tag: string, inheritance: boolean): Promise<CanonicalEvent | null>;
  /** Compare-and-set: false, and nothing done, where the row is no longer `expected` (null: where there is one). */
  replace(expected: CanonicalEvent | null, next: CanonicalEvent): Promise<boolean>;
}

// ------------------------------------------------------------------ results on disk

/** One attempt's place on the target file system. */
export interface AttemptDirectory {
  readonly directory: string;
  readonly scratch: string;
}

/** Thrown by `Results` where the file system refuses (full, read-only, gone, somebody else's); `failure` is what to tell. */
export class StorageFailed extends Error {
  override readonly name = 'StorageFailed';
  readonly failure: ComposeFailure;

  constructor(failure: ComposeFailure, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}

export interface Results extends Service {
  /** Null where the target directory is there, writable, not full and of this database. */
  check(targetDir: string): Promise<ComposeFailure | null>;
  /** Bytes that may still be written there. */
  freeBytes(targetDir: string): Promise<number>;
  /**
   * A fresh directory for the attempt; whatever earlier attempts left is moved to the trash first. Rejects where a later
   * attempt has begun.
   */
  begin(compose: Compose): Promise<AttemptDirectory>;
  /** Packages of a generated attempt, from compose/metadata/rpms.json, read off the event loop. */
  readManifest(attempt: AttemptDirectory): Promise<readonly PackageRecord[]>;
  /** The .repo file, into the attempt's directory. */
  writeRepoFile(compose: Compose, attempt: AttemptDirectory): Promise<void>;
  /**
   * One rename; called inside the transaction that makes the compose DONE. Rejects where a later attempt has taken the
   * directory away. `discard` afterwards clears the scratch.
   */
  publish(compose: Compose, attempt: AttemptDirectory): Promise<void>;
  /** Moves what there is of an attempt (files and scratch) to the trash, from where it is deleted in time. */
  discard(attempt: AttemptDirectory): Promise<void>;
  /** Moves a published compose and its logs to the trash. */
  remove(compose: Compose): Promise<void>;
  /** The text of the .repo file of a compose that is served; null where there is none. */
  repoFile(compose: Compose): string | null;
  urls(compose: Compose): { readonly toplevel: string; readonly repository: string; readonly repofile: string } | null;
  appendLog(compose: Compose, attempt: number, text: string): void;
  /** Waits until what was appended is on disk. */
  flushLog(compose: Compose, attempt: number): Promise<void>;
  /** Bytes of an attempt's log from `offset`, whole lines, 64 KiB at most; empty where there is none yet. */
  readLog(compose: Compose, attempt: number, offset: number, upToEnd: boolean): Promise<{ readonly text: string; readonly nextOffset: number }>;
}
