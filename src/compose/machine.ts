// The one authority on a compose's life. Every change (by the API, a worker or the sweeper) restores the state from
// the locked row, asks `advance`, and saves what it answers together with the event. No invokes: restoring a
// snapshot must not start work. A worker's events carry its attempt number, and a stale one is refused here.

import { and, assign, not, setup, transition, type SnapshotFrom } from 'xstate';
import type { Lifecycle } from './compose.ts';
import { failure, type ComposeFailure } from './failure.ts';

export interface LifecycleContext extends Omit<Lifecycle, 'state'> {
  readonly secondsToLive: number;
  /** How many workers may be lost before the compose fails. */
  readonly maxLosses: number;
}

/** Being handed back costs nothing, yet workers that are stopped again and again must not go on with it for ever. */
const MOST_ATTEMPTS = 100;

const LOST: Readonly<Record<Lost, string>> = {
  WORKER: 'was lost',
  DATABASE: 'lost the database',
  FILES: 'lost its files',
};

interface Happened {
  readonly at: Date;
}

/** What became of an attempt is not known, or nothing, because this was lost. */
export type Lost = 'WORKER' | 'DATABASE' | 'FILES';

export type LifecycleEvent =
  /** A worker takes it. */
  | (Happened & { readonly type: 'BEGIN'; readonly workerId: string })
  /** It shares the result of `root`, which is DONE or under way. */
  | (Happened & { readonly type: 'SHARE'; readonly root: string })
  /** A sharer becomes the one that generates, because its root will not. */
  | (Happened & { readonly type: 'TAKE_OVER' })
  /** A sharer follows the sharer that took over. */
  | (Happened & { readonly type: 'FOLLOW'; readonly root: string })
  /** The worker that held `attempt` is gone, or it has lost what it needs to end it. */
  | (Happened & { readonly type: 'LOSE'; readonly attempt: number; readonly lost: Lost })
  /** The worker that holds `attempt` is stopped and gives it back: that costs the compose nothing. */
  | (Happened & { readonly type: 'HAND_BACK'; readonly attempt: number })
  | (Happened & { readonly type: 'REQUEST_CANCEL'; readonly by: string; readonly reason: string | null })
  /** The cancelled engine and all its children are gone. */
  | (Happened & { readonly type: 'CANCELED'; readonly attempt: number })
  | (Happened & { readonly type: 'SUCCEED'; readonly attempt: number })
  | (Happened & { readonly type: 'FAIL'; readonly attempt: number; readonly failure: ComposeFailure })
  /** Nobody took it for too long. */
  | (Happened & { readonly type: 'GIVE_UP' })
  | (Happened & { readonly type: 'EXTEND'; readonly expiresAt: Date })
  /** Pins do not change the lifecycle; where they are allowed is the machine's to say. */
  | (Happened & { readonly type: 'PIN' })
  | (Happened & { readonly type: 'UNPIN' })
  /** Nothing may share, renew or pin it from here on; its files go next. */
  | (Happened & { readonly type: 'BEGIN_REMOVAL'; readonly by: string; readonly reason: string | null })
  | (Happened & { readonly type: 'REMOVED' });

type EventOf<T extends LifecycleEvent['type']> = Extract<LifecycleEvent, { type: T }>;

function finished(context: LifecycleContext, at: Date, stateReason: string): Partial<LifecycleContext> {
  return {
    stateReason,
    doneAt: at,
    expiresAt: new Date(at.getTime() + context.secondsToLive * 1000),
    workerId: null,
  };
}

function canceled(context: LifecycleContext, at: Date): Partial<LifecycleContext> {
  const by = context.cancelRequestedBy ?? 'system';
  const why = context.cancelReason ? `: ${context.cancelReason}` : '';
  const message = `Canceled by ${by}${why}`;
  return { ...finished(context, at, message), failure: failure('CANCELED', message) };
}

const machineSetup = setup({
  types: { context: {} as LifecycleContext, events: {} as LifecycleEvent, input: {} as LifecycleContext },
  guards: {
    cancelRequested: ({ context }) => context.cancelRequestedAt !== null,
    shares: ({ context }) => context.reuses !== null,
    // The fence: a worker speaks for the attempt that it began and for no other; a sharer's events carry attempt 0.
    holdsAttempt: ({ context, event }) => 'attempt' in event && event.attempt === context.attempt,
    mayBeHandedBack: ({ context }) => context.attempt < MOST_ATTEMPTS,
    mayLoseAnother: ({ context }) => context.losses + 1 < context.maxLosses,
    removing: ({ context }) => context.removingAt !== null,
  },
  actions: {
    begin: assign(({ context, event }) => {
      const { at, workerId } = event as EventOf<'BEGIN'>;
      return { attempt: context.attempt + 1, workerId, startedAt: at, stateReason: 'Compose is being generated' };
    }),
    share: assign(({ event }) => {
      const { at, root } = event as EventOf<'SHARE'>;
      return { reuses: root, startedAt: at, stateReason: `Shares the result of compose ${root}` };
    }),
    takeOver: assign(() => ({
      reuses: null,
      startedAt: null,
      stateReason: 'The compose it would have shared was not finished; waits for a worker of its own',
    })),
    follow: assign(({ event }) => {
      const { root } = event as EventOf<'FOLLOW'>;
      return { reuses: root, stateReason: `Shares the result of compose ${root}` };
    }),
    lose: assign(({ context, event }) => {
      const what = LOST[(event as EventOf<'LOSE'>).lost];
      const losses = context.losses + 1;
      return {
        losses,
        workerId: null,
        stateReason: `Its worker ${what} (${losses} of at most ${context.maxLosses}); waits for another`,
      };
    }),
    loseForGood: assign(({ context, event }) => {
      const { lost } = event as EventOf<'LOSE'>;
      const what = lost === 'WORKER' ? LOST.WORKER : `${LOST.WORKER}, or ${LOST[lost]},`;
      const message = `The worker that generated it ${what} ${context.losses + 1} times`;
      return {
        ...finished(context, event.at, message),
        losses: context.losses + 1,
        failure: failure('WORKER_LOST', message),
      };
    }),
    stopForGood: assign(({ context, event }) => {
      const message = `The worker that generated it was stopped ${context.attempt} times`;
      return { ...finished(context, event.at, message), failure: failure('WORKER_LOST', message) };
    }),
    handBack: assign(() => ({ workerId: null, stateReason: 'Its worker was stopped; waits for another' })),
    requestCancel: assign(({ event }) => {
      const { at, by, reason } = event as EventOf<'REQUEST_CANCEL'>;
      return { cancelRequestedAt: at, cancelRequestedBy: by, cancelReason: reason };
    }),
    cancel: assign(({ context, event }) => canceled(context, event.at)),
    succeed: assign(({ context, event }) =>
      finished(
        context,
        event.at,
        context.reuses ? `Compose shares the result of compose ${context.reuses}` : 'Compose is generated successfully',
      ),
    ),
    fail: assign(({ context, event }) => {
      const reason = (event as EventOf<'FAIL'>).failure;
      return { ...finished(context, event.at, reason.message), failure: reason };
    }),
    giveUp: assign(({ context, event }) => {
      const message = 'No worker took the compose in time';
      return { ...finished(context, event.at, message), failure: failure('TIMED_OUT', message) };
    }),
    extend: assign(({ context, event }) => {
      const { expiresAt } = event as EventOf<'EXTEND'>;
      return { expiresAt: expiresAt > context.expiresAt ? expiresAt : context.expiresAt };
    }),
    // What is allowed is told by there being something to do.
    stay: assign(() => ({})),
    beginRemoval: assign(({ context, event }) => {
      const { at, by, reason } = event as EventOf<'BEGIN_REMOVAL'>;
      return {
        removingAt: at,
        removedBy: by,
        removalReason: reason,
        expiresAt: context.expiresAt < at ? context.expiresAt : at,
      };
    }),
    remove: assign(({ context, event }) => ({
      removedAt: event.at,
      stateReason: context.removedBy === 'system' ? 'Removed: it had expired' : `Removed by ${context.removedBy}`,
    })),
  },
});

const uncanceled = and(['holdsAttempt', not('cancelRequested')]);
const canceledByHolder = and(['holdsAttempt', 'cancelRequested']);
// A sharer has no worker to lose.
const workerGone = and([uncanceled, not('shares')]);

const removal = {
  BEGIN_REMOVAL: { guard: not('removing'), actions: 'beginRemoval' },
  REMOVED: { guard: 'removing', target: 'REMOVED', actions: 'remove' },
} as const;

const pins = {
  PIN: { guard: not('removing'), actions: 'stay' },
  UNPIN: { guard: not('removing'), actions: 'stay' },
} as const;

export const composeMachine = machineSetup.createMachine({
  id: 'compose',
  context: ({ input }) => input,
  initial: 'WAIT',
  states: {
    WAIT: {
      on: {
        ...pins,
        BEGIN: { target: 'GENERATING', actions: 'begin' },
        SHARE: { target: 'GENERATING', actions: 'share' },
        REQUEST_CANCEL: { target: 'FAILED', actions: ['requestCancel', 'cancel'] },
        GIVE_UP: { target: 'FAILED', actions: 'giveUp' },
      },
    },
    GENERATING: {
      on: {
        ...pins,
        REQUEST_CANCEL: [
          { guard: 'shares', target: 'FAILED', actions: ['requestCancel', 'cancel'] },
          { guard: not('cancelRequested'), actions: 'requestCancel' },
        ],
        CANCELED: { guard: canceledByHolder, target: 'FAILED', actions: 'cancel' },
        SUCCEED: { guard: uncanceled, target: 'DONE', actions: 'succeed' },
        FAIL: [
          { guard: canceledByHolder, target: 'FAILED', actions: 'cancel' },
          { guard: uncanceled, target: 'FAILED', actions: 'fail' },
        ],
        LOSE: [
          { guard: canceledByHolder, target: 'FAILED', actions: 'cancel' },
          { guard: and([workerGone, 'mayLoseAnother']), target: 'WAIT', actions: 'lose' },
          { guard: workerGone, target: 'FAILED', actions: 'loseForGood' },
        ],
        HAND_BACK: [
          { guard: canceledByHolder, target: 'FAILED', actions: 'cancel' },
          { guard: and([workerGone, 'mayBeHandedBack']), target: 'WAIT', actions: 'handBack' },
          { guard: workerGone, target: 'FAILED', actions: 'stopForGood' },
        ],
        TAKE_OVER: { guard: 'shares', target: 'WAIT', actions: 'takeOver' },
        FOLLOW: { guard: 'shares', actions: 'follow' },
      },
    },
    DONE: { on: { EXTEND: { guard: not('removing'), actions: 'extend' }, ...pins, ...removal } },
    FAILED: { on: { UNPIN: pins.UNPIN, ...removal } },
    REMOVED: { type: 'final' },
  },
});

/** What may happen next to a compose: the lifecycle after `event`, or null where the machine refuses it. */
export function advance(
  compose: Lifecycle & { readonly secondsToLive: number },
  event: LifecycleEvent,
  settings: { readonly maxLosses: number },
): Lifecycle | null {
  const { state, ...context } = compose;
  const snapshot = composeMachine.resolveState({
    value: state,
    context: { ...context, maxLosses: settings.maxLosses },
  });
  if (!snapshot.can(event)) return null;
  const [next] = transition(composeMachine, snapshot, event);
  return lifecycleOf(next);
}

function lifecycleOf(snapshot: SnapshotFrom<typeof composeMachine>): Lifecycle {
  const { context, value } = snapshot;
  return {
    state: value,
    stateReason: context.stateReason,
    failure: context.failure,
    attempt: context.attempt,
    losses: context.losses,
    workerId: context.workerId,
    startedAt: context.startedAt,
    doneAt: context.doneAt,
    removedAt: context.removedAt,
    expiresAt: context.expiresAt,
    removedBy: context.removedBy,
    cancelRequestedAt: context.cancelRequestedAt,
    cancelRequestedBy: context.cancelRequestedBy,
    cancelReason: context.cancelReason,
    reuses: context.reuses,
    removingAt: context.removingAt,
    removalReason: context.removalReason,
  };
}
