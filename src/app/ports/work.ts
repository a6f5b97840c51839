// The queue, workers and their leases, and the estimates that depend on them.

import type { Compose } from '../../compose/compose.ts';
import type { Lane } from '../../compose/lane.ts';
import type { Routable } from '../../compose/routing.ts';
import type { Service } from './platform.ts';

export interface Job {
  readonly composeId: string;
  /** Aborts when the queue gives the job to another worker. */
  readonly signal: AbortSignal;
}

/** What the queue needs to know of a compose: whose share it counts for, and which pool it is for. */
export type Sendable = Pick<Compose, 'id' | 'owner'> & Routable;

export interface WorkOptions {
  /** Target directories that this process cannot use; composes for them stay in the queue for other workers. */
  readonly unusable?: () => readonly string[];
}

export interface WorkQueue extends Service {
  /** Hands jobs of the lane to `concurrency` slots, one job a slot, until stopped. */
  work(lane: Lane, concurrency: number, handle: (job: Job) => Promise<void>, options?: WorkOptions): Promise<void>;
  /** Looks for jobs now: one that could not be taken may be possible. */
  wake(): void;
  /** Takes no further jobs; running ones continue. */
  stopWorking(): Promise<void>;
  /** Sends the jobs of WAIT composes that have none, and deletes those of composes that have ended. */
  reconcile(): Promise<{ readonly sent: number; readonly dropped: number }>;
}

/** The process group of an engine: enough for another process of this host to kill it, and no other group. */
export interface ProcessGroup {
  readonly pgid: number;
  /** Start time of the leader in clock ticks since boot, from /proc, because a pid may be reused. */
  readonly startTime: string;
  readonly bootId: string;
  readonly host: string;
}

export interface WorkerIdentity {
  readonly id: string;
  readonly host: string;
  readonly bootId: string;
  readonly pid: number;
  /** The pools whose composes it takes. */
  readonly pools: readonly string[];
  /** The number of composes that it generates at the same time. */
  readonly concurrency: number;
}

/** An attempt that a worker runs according to the database. */
export interface Claim {
  readonly composeId: string;
  readonly attempt: number;
  readonly cancelRequested: boolean;
}

export type OrphanedGroup = ProcessGroup & Pick<Claim, 'composeId' | 'attempt'>;

/** The leases of workers, and the process groups of their engines. A worker whose row is not refreshed in time is lost. */
export interface WorkerRegistry {
  register(worker: WorkerIdentity): Promise<void>;
  /** Refreshes the lease and returns the claims of the worker; null if its lease had expired and its row is gone. */
  refresh(workerId: string): Promise<readonly Claim[] | null>;
  retire(workerId: string): Promise<void>;
  /** Deletes the rows of workers that have not refreshed for that long, and returns the attempts that no worker holds. */
  reap(olderThanMs: number): Promise<readonly Claim[]>;
  registerProcessGroup(claim: Pick<Claim, 'composeId' | 'attempt'>, group: ProcessGroup): Promise<void>;
  /** Forgets all groups of an attempt. */
  forgetProcessGroups(claim: Pick<Claim, 'composeId' | 'attempt'>): Promise<void>;
  forgetProcessGroup(group: OrphanedGroup): Promise<void>;
  /** Groups of this host whose attempt no living worker holds. */
  orphanedProcessGroups(host: string): Promise<readonly OrphanedGroup[]>;
}

/** The target directories that any process of the service has in its configuration, mounted or not. */
export interface KnownTargets {
  know(names: readonly string[]): Promise<void>;
  /** Those that no process has had for that long. */
  missingFor(seconds: number): Promise<readonly string[]>;
}

/** Durations of earlier composes, to estimate later ones. */
export interface History {
  /** The median time that its engine took for the latest composes like this one; null if there were none. */
  typicalMs(compose: Pick<Compose, 'source' | 'arches' | 'engineName'>): Promise<number | null>;
  /** The slots of the living workers of a pool, the composes that they run, and the mean time of the latest composes. */
  load(pool: string): Promise<{ readonly slots: number; readonly running: number; readonly meanMs: number | null }>;
}

/** Elects one process for a chore. It is the leader until the chore ends or its connection breaks. */
export interface Leadership {
  /** Null if another process is the leader. */
  whenLeader<T>(chore: string, work: () => Promise<T>): Promise<T | null>;
}
