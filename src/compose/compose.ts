// A compose: the accepted request and its lifecycle. It is plain data; machine.ts decides how the lifecycle changes.

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
  /** The engine of the latest attempt; null before the first one. */
  readonly engineName: EngineName | null;
  /** Equal for composes that may share one result. Null until the source is identified, and for a compose that is never reused. */
  readonly digest: string | null;
  readonly submittedAt: Date;
  /** `seq` of its latest event. */
  readonly seq: number;
}

/** The fields that an accepted request determines; all other fields begin with a default. */
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

/** The part of a compose that only the lifecycle machine changes. */
export interface Lifecycle {
  readonly state: ComposeState;
  /** One sentence for clients. */
  readonly stateReason: string;
  readonly failure: ComposeFailure | null;
  /** Number of the latest attempt, and the fencing number of all that its worker writes. 0 before the first attempt. */
  readonly attempt: number;
  /** Attempts that were lost with their worker. */
  readonly losses: number;
  /** The worker of the running attempt; null when there is none. */
  readonly workerId: string | null;
  readonly startedAt: Date | null;
  readonly doneAt: Date | null;
  readonly removedAt: Date | null;
  readonly expiresAt: Date;
  readonly removedBy: string | null;
  readonly cancelRequestedAt: Date | null;
  readonly cancelRequestedBy: string | null;
  readonly cancelReason: string | null;
  /** Id of the reused compose, whose result this one shares. */
  readonly reuses: string | null;
  /** When the removal began. From then on the compose has no URLs and cannot be reused, renewed or pinned. */
  readonly removingAt: Date | null;
  readonly removalReason: string | null;
}

const SNAPSHOT_FIELDS = [
  'state',
  'stateReason',
  'failure',
  'attempt',
  'startedAt',
  'doneAt',
  'removedAt',
  'expiresAt',
  'removedBy',
  'cancelRequestedAt',
  'reuses',
] as const satisfies readonly (keyof Lifecycle)[];

/** The lifecycle right after an event; stored with the event. */
export type ComposeSnapshot = Pick<Lifecycle, (typeof SNAPSHOT_FIELDS)[number]>;

export interface ComposeEvent {
  /** Position in the feed over all composes, assigned at commit. */
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
  return Object.fromEntries(SNAPSHOT_FIELDS.map((field) => [field, compose[field]])) as unknown as ComposeSnapshot;
}
