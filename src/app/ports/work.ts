// Who does the work: the queue, workers and their leases.

import type { Compose } from '../../compose/compose.ts';
import type { Lane } from '../../compose/lane.ts';
import type { Routable } from '../../compose/routing.ts';
import type { RunStatement, Service } from './platform.ts';

export interface Job {
  readonly composeId: string;
  /** Aborts when the queue takes the job away. */
  readonly signal: AbortSignal;
}

/** What the queue needs to know of a compose: whose share it counts for, and which pool it is for. */
export type Sendable = Pick<Compose, 'id' | 'owner'> & Routable;

export interface WorkOptions {
  /** Target directories that this process cannot use; composes for them stay in the queue for other workers. */
  readonly unusable?: () => readonly string[];
}

export type JobSender = Pick<WorkQueue, 'send'>;

export interface WorkQueue extends Service {
  /** Sends the job of a compose in the transaction of `run`, in place of an open one; for `ComposeTransaction.enqueue`. */
  send(run: RunStatement, compose: Sendable, lane: Lane): Promise<void>;
  /** Hands jobs of the lane to `concurrency` slots, one job a slot, until stopped. */
  work(lane: Lane, concurrency: number, handle: (job: Job) => Promise<void>, options?: WorkOptions): Promise<void>;
  /** Looks for jobs now: one that could not be taken may be possible. */
  wake(): void;
  /** Takes no further jobs; running ones continue. */
  stopWorking(): Promise<void>;
  /** Sends the jobs of WAIT composes that have none, and deletes those of composes that have ended. */
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
  /** The pools that it takes composes of; routing rules send them there. */
  readonly pools: readonly string[];
  /** Composes that it generates at a time. */
  readonly concurrency: number;
}

/** An attempt that a worker holds by the database's account. */
export interface Claim {
  readonly composeId: string;
  readonly attempt: number;
  readonly cancelRequested: boolean;
}

export type OrphanedGroup = ProcessGroup & Pick<Claim, 'composeId' | 'attempt'>;

/** Who generates what. A worker's row is its lease: not refreshed for long enough, it is lost. */
export interface WorkerRegistry {
  register(worker: WorkerIdentity): Promise<void>;
  /** Refreshes the lease and answers what the worker holds; null where its row is gone, because it was taken for lost. */
  refresh(workerId: string): Promise<readonly Claim[] | null>;
  retire(workerId: string): Promise<void>;
  /** Drops the rows of workers that have not refreshed for so long, and answers every attempt that no living worker holds. */
  reap(olderThanMs: number): Promise<readonly Claim[]>;
  registerProcessGroup(claim: Pick<Claim, 'composeId' | 'attempt'>, group: ProcessGroup): Promise<void>;
  /** All of an attempt. */
  forgetProcessGroups(claim: Pick<Claim, 'composeId' | 'attempt'>): Promise<void>;
  forgetProcessGroup(group: OrphanedGroup): Promise<void>;
  /** Groups of this host whose attempt nobody living holds any more. */
  orphanedProcessGroups(host: string): Promise<readonly OrphanedGroup[]>;
}

/** Which target directories are configured, whether or not they are mounted, by any process of the service. */
export interface KnownTargets {
  know(names: readonly string[]): Promise<void>;
  /** Those that nobody has known for so long. */
  missingFor(seconds: number): Promise<readonly string[]>;
}

/** What earlier composes tell of later ones. */
export interface History {
  /** The median time that the latest composes like this one took its engine to generate; null where there were none. */
  typicalMs(compose: Pick<Compose, 'source' | 'arches' | 'engineName'>): Promise<number | null>;
  /** What living workers of a pool can do at a time and are doing, and how long the latest composes took on average. */
  load(pool: string): Promise<{ readonly slots: number; readonly running: number; readonly meanMs: number | null }>;
}

/** One process at a time does a chore, whichever it is; it lets go when the chore ends or its connection breaks. */
export interface Leadership {
  /** Null where another process does it just now. */
  whenLeader<T>(chore: string, work: () => Promise<T>): Promise<T | null>;
}
