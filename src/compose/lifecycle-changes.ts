// What each event changes in the lifecycle of a compose, and the sentence about it that clients read as `stateReason`.
// machine.ts decides when a change happens.

import type { Lifecycle } from './compose.ts';
import { failure, type FailureCode } from './failure.ts';
import type { EventOf, LifecycleEvent, LossCause } from './lifecycle-event.ts';

export interface LifecycleContext extends Omit<Lifecycle, 'state'> {
  readonly secondsToLive: number;
  /** Losses after which the compose fails. */
  readonly maxLosses: number;
}

export type Change = Partial<LifecycleContext>;

const LOSSES: Readonly<Record<LossCause, string>> = {
  WORKER: 'was lost',
  DATABASE: 'lost the database',
  FILES: 'lost its files',
};

export function begin({ attempt }: LifecycleContext, { at, workerId }: EventOf<'BEGIN'>): Change {
  return { attempt: attempt + 1, workerId, startedAt: at, stateReason: 'The compose is being generated' };
}

export function share(_context: LifecycleContext, { at, reused }: EventOf<'SHARE'>): Change {
  return { reuses: reused, startedAt: at, stateReason: `The compose shares the result of compose ${reused}` };
}

export function takeOver(): Change {
  return {
    reuses: null,
    startedAt: null,
    stateReason: 'The compose that it reused has no result. Waiting for a worker',
  };
}

export function follow(_context: LifecycleContext, { reused }: EventOf<'FOLLOW'>): Change {
  return { reuses: reused, stateReason: `The compose shares the result of compose ${reused}` };
}

export function lose({ losses, maxLosses }: LifecycleContext, { lost }: EventOf<'LOSE'>): Change {
  return {
    losses: losses + 1,
    workerId: null,
    stateReason: `The worker ${LOSSES[lost]} (loss ${losses + 1} of at most ${maxLosses}). Waiting for another worker`,
  };
}

export function loseLast(context: LifecycleContext, { at, lost }: EventOf<'LOSE'>): Change {
  const losses = context.losses + 1;
  const causes = lost === 'WORKER' ? LOSSES.WORKER : `${LOSSES.WORKER} or ${LOSSES[lost]}`;
  return { ...failed(context, at, 'WORKER_LOST', `The worker ${causes} ${losses} times`), losses };
}

export function handBack(): Change {
  return { workerId: null, stateReason: 'The worker was stopped. Waiting for another worker' };
}

export function handBackLast(context: LifecycleContext, { at }: EventOf<'HAND_BACK'>): Change {
  return failed(context, at, 'WORKER_LOST', `The worker was stopped ${context.attempt} times`);
}

export function requestCancel(_context: LifecycleContext, { at, by, reason }: EventOf<'REQUEST_CANCEL'>): Change {
  return { cancelRequestedAt: at, cancelRequestedBy: by, cancelReason: reason };
}

export function cancel(context: LifecycleContext, { at }: LifecycleEvent): Change {
  const by = context.cancelRequestedBy ?? 'system';
  const reason = context.cancelReason ? `: ${context.cancelReason}` : '';
  return failed(context, at, 'CANCELED', `Canceled by ${by}${reason}`);
}

export function succeed(context: LifecycleContext, { at }: EventOf<'SUCCEED'>): Change {
  const { reuses } = context;
  return ended(context, at, reuses ? `The compose shares the result of compose ${reuses}` : 'The compose is generated');
}

export function fail(context: LifecycleContext, event: EventOf<'FAIL'>): Change {
  return { ...ended(context, event.at, event.failure.message), failure: event.failure };
}

export function giveUp(context: LifecycleContext, { at }: EventOf<'GIVE_UP'>): Change {
  return failed(context, at, 'TIMED_OUT', 'No worker took the compose in time. Try again later');
}

export function extend(context: LifecycleContext, { expiresAt }: EventOf<'EXTEND'>): Change {
  return { expiresAt: expiresAt > context.expiresAt ? expiresAt : context.expiresAt };
}

export function noop(): Change {
  return {};
}

export function beginRemoval({ expiresAt }: LifecycleContext, { at, by, reason }: EventOf<'BEGIN_REMOVAL'>): Change {
  return { removingAt: at, removedBy: by, removalReason: reason, expiresAt: expiresAt < at ? expiresAt : at };
}

export function remove({ removedBy }: LifecycleContext, { at }: EventOf<'REMOVED'>): Change {
  return {
    removedAt: at,
    stateReason: removedBy === 'system' ? 'Removed after it expired' : `Removed by ${removedBy}`,
  };
}

/** An ended compose is kept for its lifetime, counted from its end. */
function ended({ secondsToLive }: LifecycleContext, at: Date, stateReason: string): Change {
  return { stateReason, doneAt: at, expiresAt: new Date(at.getTime() + secondsToLive * 1000), workerId: null };
}

function failed(context: LifecycleContext, at: Date, code: FailureCode, message: string): Change {
  return { ...ended(context, at, message), failure: failure(code, message) };
}
