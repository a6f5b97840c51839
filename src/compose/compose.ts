// A compose as the service knows it: the accepted request, and where it is in its life. Plain data; only the
// machine (machine.ts) says which lifecycle it may take next.

import type { ComposeFailure } from './failure.ts';
import type { ComposeRequest } from './request.ts';
import type { ComposeEventKind, ComposeState, EngineName } from './vocabulary.ts';

export interface Compose extends ComposeRequest, Lifecycle {
  /** Decimal; its directory is `odcs-<id>`. */
  readonly id: string;
  readonly owner: string;
  readonly idempotencyKey: string | null;
  readonly pungiComposeId: string | null;
  readonly pungiConfigDump: string | null;
  readonly respinOf: string | null;
  /** Of the latest attempt; null while there was none. */
  readonly engineName: EngineName | null;
  /** Equal for composes that may share one result; null while it is not known, or for one that shares nothing. */
  readonly digest: string | null;
  readonly submittedAt: Date;
  /** Where `seq` of its event log stands. */
  readonly seq: number;
}

/** What a request and its acceptance say of a compose. All other fields begin with a default. */
export type NewCompose = ComposeRequest &
  Pick<Compose, 'owner' | 'idempotencyKey' | 'submittedAt' | 'expiresAt' | 'stateReason'>;

/** A compose in WAIT that no worker has begun. */
export function newCompose(id: string, accepted: NewCompose): Compose {
  return {
    ...accepted,
    id,
    pungiComposeId: null,
    pungiConfigDump: null,
    engineName: null,
    digest: null,
    seq: 1,
    state: 'WAIT',
    failure: null,
    attempt: 0,
    losses: 0,
    workerId: null,
    startedAt: null,
    doneAt: null,
    removedAt: null,
    removedBy: null,
    cancelRequestedAt: null,
    cancelRequestedBy: null,
    cancelReason: null,
    reuses: null,
    removingAt: null,
    removalReason: null,
  };
}

/** The part of a compose that the lifecycle machine and its events decide. */
export interface Lifecycle {
  readonly state: ComposeState;
  readonly stateReason: string;
  readonly failure: ComposeFailure | null;
  /** Rises with every begin and is the fence of all that a worker writes; 0 while it was never begun. */
  readonly attempt: number;
  /** Workers lost while generating it. */
  readonly losses: number;
  /** The worker that holds the attempt; null unless GENERATING by an engine. */
  readonly workerId: string | null;
  readonly startedAt: Date | null;
  readonly doneAt: Date | null;
  readonly removedAt: Date | null;
  readonly expiresAt: Date;
  readonly removedBy: string | null;
  readonly cancelRequestedAt: Date | null;
  readonly cancelRequestedBy: string | null;
  readonly cancelReason: string | null;
  /** Id of the compose whose result this one shares. */
  readonly reuses: string | null;
  /** Removing has begun: no sharing, renewing or pinning any more, and no URL is shown. */
  readonly removingAt: Date | null;
  readonly removalReason: string | null;
}

/** What an event says of the compose at its time; stored with it. */
export type ComposeSnapshot = Pick<
  Lifecycle,
  | 'state'
  | 'stateReason'
  | 'failure'
  | 'attempt'
  | 'startedAt'
  | 'doneAt'
  | 'removedAt'
  | 'expiresAt'
  | 'removedBy'
  | 'cancelRequestedAt'
  | 'reuses'
>;

export interface ComposeEvent {
  /** Place in the feed over all composes, assigned at commit. */
  readonly position: bigint;
  readonly composeId: string;
  readonly seq: number;
  readonly kind: ComposeEventKind;
  readonly at: Date;
  readonly from: ComposeState | null;
  readonly to: ComposeState | null;
  readonly by: string;
  readonly reason: string | null;
  readonly snapshot: ComposeSnapshot;
}

export function snapshotOf(compose: Lifecycle): ComposeSnapshot {
  return {
    state: compose.state,
    stateReason: compose.stateReason,
    failure: compose.failure,
    attempt: compose.attempt,
    startedAt: compose.startedAt,
    doneAt: compose.doneAt,
    removedAt: compose.removedAt,
    expiresAt: compose.expiresAt,
    removedBy: compose.removedBy,
    cancelRequestedAt: compose.cancelRequestedAt,
    reuses: compose.reuses,
  };
}
