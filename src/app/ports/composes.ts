// Composes, and the transactions that change them.

import type { Compose, Lifecycle, NewCompose } from '../../compose/compose.ts';
import type { Lane } from '../../compose/lane.ts';
import type { Pin } from '../../compose/pin.ts';
import type { ReadPolicy } from '../../compose/read-policy.ts';
import type { SourceType } from '../../compose/sources/descriptors.ts';
import type { ComposeEventKind, ComposeState, ComposeType } from '../../compose/vocabulary.ts';
import type { DueQuery } from './due.ts';
import type { PackageRecord } from './package-record.ts';
import type { Page } from './page.ts';

/** A compose must match every field that is given. */
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

/** The position of a compose in a list: the value that orders the list, null if the compose has none, and its id, which breaks ties. */
export interface PageKey {
  readonly value: string | null;
  readonly id: string;
}

export interface PageQuery {
  readonly filter: ComposeFilter;
  readonly orderBy: { readonly field: ComposeOrderField; readonly direction: 'ASC' | 'DESC' };
  readonly limit: number;
  /** Exclusive. */
  readonly after?: PageKey;
  /** Exclusive. */
  readonly before?: PageKey;
  /** Takes the last `limit` composes instead of the first. They are in the order of `orderBy` either way. */
  readonly backwards: boolean;
}

/** What an event says about a change, besides the compose. */
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

/** One transaction. `id` of an unknown compose, or one that is no number, finds nothing. */
export interface ComposeTransaction {
  /** Stores the compose, its first event (seq 1, to WAIT) and its idempotency key. */
  insert(compose: NewCompose, idempotency: Idempotency | null): Promise<Compose>;
  /** The compose as last committed, without a lock. */
  find(id: string): Promise<Compose | null>;
  /** Locks the row of the compose until the end of the transaction. */
  lock(id: string): Promise<Compose | null>;
  /** Stores the row and its event, with the next seq. `compose` must have been locked in this transaction. */
  save(compose: Compose, next: Lifecycle, note: ChangeNote, patch?: ComposePatch): Promise<Compose>;
  /** Stores fields without an event. */
  patch(compose: Compose, patch: ComposePatch): Promise<Compose>;
  /** Sends a job for the compose to the queue when the transaction commits. Replaces an open job. */
  enqueue(compose: Compose, lane: Lane): Promise<void>;
  /** The compose with this digest that is DONE or GENERATING and generates the result itself. It cannot end before the transaction does. */
  findReusable(digest: string): Promise<Compose | null>;
  /** Locks the compose, the one that it reuses, and its reusers that are DONE, in the order of their ids. */
  lockSharingResult(id: string): Promise<readonly Compose[]>;
  /** Excludes other updates of the `latest-*` links of a target directory until the end of the transaction. */
  lockLatest(targetDir: string): Promise<void>;
  /** The number of composes of an owner in WAIT or GENERATING, `limit` at most. Excludes other counts for the owner until the end of the transaction. */
  countOpen(owner: string, limit: number): Promise<number>;
  /** The number of reusers that are not REMOVED. */
  countReusers(reusedId: string): Promise<number>;
  /** All pins of a compose, also expired ones, by name. */
  pins(id: string): Promise<readonly Pin[]>;
  /** Adds a pin. A pin of the same name gets the new owner and expiry, and keeps its creation time. */
  putPin(id: string, pin: Pin): Promise<Pin>;
  /** False if the compose has no pin of that name. */
  deletePin(id: string, name: string): Promise<boolean>;
  /** Stores the idempotency key of a mutation that created no compose. */
  storeIdempotency(idempotency: Idempotency, composeId: string): Promise<void>;
  /** Locks the reusers that are GENERATING, oldest first. */
  lockReusers(reusedId: string): Promise<readonly Compose[]>;
  /** Stores the packages of a compose that is being published. */
  insertPackages(id: string, packages: readonly PackageRecord[]): Promise<void>;
  deletePackages(id: string): Promise<void>;
}

export interface Idempotency {
  readonly owner: string;
  readonly mutation: 'createCompose' | 'renewCompose';
  readonly key: string;
  /** Of the input; the same key with another digest is a CONFLICT. */
  readonly digest: string;
}

export interface ComposeStore {
  /** Retries once after a serialization failure or a deadlock, and after no other error. */
  transaction<T>(work: (tx: ComposeTransaction) => Promise<T>): Promise<T>;
  find(id: string, policy: ReadPolicy): Promise<Compose | null>;
  /** In the order of `ids`; null for an unknown id. */
  findMany(ids: readonly string[], policy: ReadPolicy): Promise<readonly (Compose | null)[]>;
  page(query: PageQuery, policy: ReadPolicy): Promise<Page<Compose>>;
  count(filter: ComposeFilter, policy: ReadPolicy): Promise<{ readonly count: number; readonly isEstimate: boolean }>;
  findByIdempotencyKey(
    key: Omit<Idempotency, 'digest'>,
  ): Promise<{ readonly composeId: string; readonly digest: string } | null>;
  /** The composes in WAIT with this digest, oldest first. */
  waitingWithDigest(digest: string, policy: ReadPolicy): Promise<readonly string[]>;
  /** The reusers that are not REMOVED, oldest first. */
  reusersOf(reusedId: string, policy: ReadPolicy): Promise<readonly string[]>;
  /** The last id that the database gave out; a compose with it may not exist. */
  lastId(): Promise<bigint>;
  /** The pins that are alive at `at`, by name, in the order of `ids`. */
  pinsOf(ids: readonly string[], at: Date, policy: ReadPolicy): Promise<readonly (readonly Pin[])[]>;
  /** Ids of the composes that a chore must handle. */
  due(query: DueQuery): Promise<readonly string[]>;
  /** Counted from 1; null for a compose that is not in WAIT. In the order of `ids`. */
  queuePositions(ids: readonly string[], policy: ReadPolicy): Promise<readonly (number | null)[]>;
}

/** Thrown by `ComposeTransaction.save` if another compose with the same digest began first. */
export class ReusableTaken extends Error {
  override readonly name = 'ReusableTaken';
}

/** Thrown by `ComposeTransaction.patch` if another compose has the Pungi compose id. */
export class PungiComposeIdTaken extends Error {
  override readonly name = 'PungiComposeIdTaken';
}

/** Thrown by `ComposeTransaction.insert` and `storeIdempotency` if another transaction stored the key first. */
export class IdempotencyKeyTaken extends Error {
  override readonly name = 'IdempotencyKeyTaken';
}
