// Composes, the transactions that change them, and the log of what happened.

import type { Compose, Lifecycle, NewCompose } from '../../compose/compose.ts';
import type { Lane } from '../../compose/lane.ts';
import type { Pin } from '../../compose/pin.ts';
import type { ReadPolicy } from '../../compose/read-policy.ts';
import type { SourceType } from '../../compose/sources/descriptors.ts';
import type { ComposeEventKind, ComposeState, ComposeType } from '../../compose/vocabulary.ts';
import type { DueQuery } from './due.ts';
import type { PackageRecord } from './package-record.ts';
import type { Page } from './page.ts';

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

/** What is told of a change besides the compose itself. */
export interface ChangeNote {
  readonly kind: Exclude<ComposeEventKind, 'SNAPSHOT' | 'PROGRESSED'>;
  readonly at: Date;
  readonly by: string;
  readonly reason: string | null;
}

/** Fields that a change sets besides those of the lifecycle. */
export interface ComposePatch extends Partial<Omit<Compose, keyof Lifecycle | 'id' | 'seq'>> {
  /** The `latest-*` links may not be up to date. */
  readonly linksDue?: boolean;
}

/** One transaction. Everything done through it is committed together or not at all. */
export interface ComposeTransaction {
  /** The compose, its first event (seq 1, to WAIT) and its idempotency key. */
  insert(compose: NewCompose, idempotency: Idempotency | null): Promise<Compose>;
  /** The compose as last committed, without a lock. */
  find(id: string): Promise<Compose | null>;
  /** The compose, its row locked until the end of the transaction. */
  lock(id: string): Promise<Compose | null>;
  /** The row and its event, seq + 1. `compose` must have been locked in this transaction. */
  save(compose: Compose, next: Lifecycle, note: ChangeNote, patch?: ComposePatch): Promise<Compose>;
  /** Columns that are not worth an event. */
  patch(compose: Compose, patch: ComposePatch): Promise<Compose>;
  /** Sends the job that makes a worker see to it; part of the transaction. */
  enqueue(compose: Compose, lane: Lane): Promise<void>;
  /** The compose of this digest whose result there is or will be; locked against its end until the transaction's. */
  findReusable(digest: string): Promise<Compose | null>;
  /** The compose, the one whose result it shares, and those DONE by sharing its: locked in the order of their ids. */
  lockFamily(id: string): Promise<readonly Compose[]>;
  /** Until the end of the transaction nobody else leads links `latest-…` anywhere in this target directory. */
  lockLatest(targetDir: string): Promise<void>;
  /** WAIT and GENERATING composes of an owner, `limit` at most; until the end of the transaction no other counts theirs. */
  countOpen(owner: string, limit: number): Promise<number>;
  /** How many that are not REMOVED share the result of `rootId`. */
  countReusers(rootId: string): Promise<number>;
  /** All pins of a compose by name, those that have ended included. */
  pins(id: string): Promise<readonly Pin[]>;
  /** Adds a pin; one of the same name gets a new owner and end, and keeps when it was created. */
  putPin(id: string, pin: Pin): Promise<Pin>;
  /** False where there is none of that name. */
  deletePin(id: string, name: string): Promise<boolean>;
  /** Stores the idempotency key of what this transaction did to a compose. */
  remember(idempotency: Idempotency, composeId: string): Promise<void>;
  /** Those GENERATING by sharing what `rootId` generates, oldest first, locked. */
  lockReusers(rootId: string): Promise<readonly Compose[]>;
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
  find(id: string, policy: ReadPolicy): Promise<Compose | null>;
  /** In the order of `ids`, null where there is none. */
  findMany(ids: readonly string[], policy: ReadPolicy): Promise<readonly (Compose | null)[]>;
  page(query: PageQuery, policy: ReadPolicy): Promise<Page<Compose>>;
  count(filter: ComposeFilter, policy: ReadPolicy): Promise<{ readonly count: number; readonly isEstimate: boolean }>;
  findByIdempotencyKey(
    key: Omit<Idempotency, 'digest'>,
  ): Promise<{ readonly composeId: string; readonly digest: string } | null>;
  /** WAIT composes of this digest, oldest first. */
  waitingFor(digest: string, policy: ReadPolicy): Promise<readonly string[]>;
  /** Those that share the result of `rootId` and are not REMOVED, oldest first. */
  reusersOf(rootId: string, policy: ReadPolicy): Promise<readonly string[]>;
  /** The last id that was given to a compose, whether or not there is one of that id. */
  lastId(): Promise<bigint>;
  /** The pins that have not ended at `at`, by name, in the order of `ids`. */
  pinsOf(ids: readonly string[], at: Date, policy: ReadPolicy): Promise<readonly (readonly Pin[])[]>;
  /** Ids of the composes that a chore must handle. */
  due(query: DueQuery): Promise<readonly string[]>;
  /** 1 = next; null for one that does not wait. In the order of `ids`. */
  queuePositions(ids: readonly string[], policy: ReadPolicy): Promise<readonly (number | null)[]>;
}

/** Thrown by `ComposeTransaction.save` where another compose of the same digest became the root first. */
export class ReusableTaken extends Error {
  override readonly name = 'RootTaken';
}

/** Thrown by `ComposeTransaction.patch` where another compose has that Pungi compose id. */
export class PungiComposeIdTaken extends Error {
  override readonly name = 'PungiComposeIdTaken';
}

/** Thrown by `ComposeTransaction.insert` and `remember` where another transaction took the idempotency key first. */
export class IdempotencyKeyTaken extends Error {
  override readonly name = 'IdempotencyKeyTaken';
}
