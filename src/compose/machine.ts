// The lifecycle of a compose: which event is allowed when, and which state it leads to. Every change, by the API, a worker
// or a chore, restores the state from the locked row, asks `advance`, and saves the answer with its event. The machine
// invokes nothing, because restoring a state must not start work.

import { and, assign, not, setup, transition } from 'xstate';
import type { Lifecycle } from './compose.ts';
import * as changes from './lifecycle-changes.ts';
import type { Change, LifecycleContext } from './lifecycle-changes.ts';
import type { EventOf, LifecycleEvent } from './lifecycle-event.ts';

/** A worker that is stopped returns its compose at no cost. Without a limit, a compose could be returned for ever. */
const MAX_ATTEMPTS = 100;

/** The machine runs an action only for the events that lead to it, hence the assertion. */
function change<Type extends LifecycleEvent['type']>(
  apply: (context: LifecycleContext, event: EventOf<Type>) => Change,
) {
  return assign<LifecycleContext, LifecycleEvent, undefined, LifecycleEvent, never>(({ context, event }) =>
    apply(context, event as EventOf<Type>),
  );
}

const machineSetup = setup({
  types: { context: {} as LifecycleContext, events: {} as LifecycleEvent, input: {} as LifecycleContext },
  guards: {
    // The fence: events of an attempt that is not the latest are refused. A reuser has no attempt: its number is 0.
    isLatestAttempt: ({ context, event }) => 'attempt' in event && event.attempt === context.attempt,
    isCancelRequested: ({ context }) => context.cancelRequestedAt !== null,
    isReuser: ({ context }) => context.reuses !== null,
    hasAttemptsLeft: ({ context }) => context.attempt < MAX_ATTEMPTS,
    hasLossesLeft: ({ context }) => context.losses + 1 < context.maxLosses,
    isBeingRemoved: ({ context }) => context.removingAt !== null,
  },
  actions: {
    begin: change(changes.begin),
    share: change(changes.share),
    takeOver: change(changes.takeOver),
    follow: change(changes.follow),
    lose: change(changes.lose),
    loseLast: change(changes.loseLast),
    handBack: change(changes.handBack),
    handBackLast: change(changes.handBackLast),
    requestCancel: change(changes.requestCancel),
    cancel: change(changes.cancel),
    succeed: change(changes.succeed),
    fail: change(changes.fail),
    giveUp: change(changes.giveUp),
    extend: change(changes.extend),
    // XState reports an event as allowed only if something follows from it.
    noop: change(changes.noop),
    beginRemoval: change(changes.beginRemoval),
    remove: change(changes.remove),
  },
});

const attemptGoesOn = and(['isLatestAttempt', not('isCancelRequested')]);
const attemptIsCanceled = and(['isLatestAttempt', 'isCancelRequested']);
/** A reuser has no worker that could be lost or stopped. */
const workerIsGone = and([attemptGoesOn, not('isReuser')]);

const removal = {
  BEGIN_REMOVAL: { guard: not('isBeingRemoved'), actions: 'beginRemoval' },
  REMOVED: { guard: 'isBeingRemoved', target: 'REMOVED', actions: 'remove' },
} as const;

const pins = {
  PIN: { guard: not('isBeingRemoved'), actions: 'noop' },
  UNPIN: { guard: not('isBeingRemoved'), actions: 'noop' },
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
          { guard: 'isReuser', target: 'FAILED', actions: ['requestCancel', 'cancel'] },
          { guard: not('isCancelRequested'), actions: 'requestCancel' },
        ],
        CANCELED: { guard: attemptIsCanceled, target: 'FAILED', actions: 'cancel' },
        SUCCEED: { guard: attemptGoesOn, target: 'DONE', actions: 'succeed' },
        FAIL: [
          { guard: attemptIsCanceled, target: 'FAILED', actions: 'cancel' },
          { guard: attemptGoesOn, target: 'FAILED', actions: 'fail' },
        ],
        LOSE: [
          { guard: attemptIsCanceled, target: 'FAILED', actions: 'cancel' },
          { guard: and([workerIsGone, 'hasLossesLeft']), target: 'WAIT', actions: 'lose' },
          { guard: workerIsGone, target: 'FAILED', actions: 'loseLast' },
        ],
        HAND_BACK: [
          { guard: attemptIsCanceled, target: 'FAILED', actions: 'cancel' },
          { guard: and([workerIsGone, 'hasAttemptsLeft']), target: 'WAIT', actions: 'handBack' },
          { guard: workerIsGone, target: 'FAILED', actions: 'handBackLast' },
        ],
        TAKE_OVER: { guard: 'isReuser', target: 'WAIT', actions: 'takeOver' },
        FOLLOW: { guard: 'isReuser', actions: 'follow' },
      },
    },
    DONE: { on: { EXTEND: { guard: not('isBeingRemoved'), actions: 'extend' }, ...pins, ...removal } },
    FAILED: { on: { UNPIN: pins.UNPIN, ...removal } },
    REMOVED: { type: 'final' },
  },
});

/** The compose after `event`, or null if the machine refuses it. */
export function advance<Subject extends Lifecycle & { readonly secondsToLive: number }>(
  subject: Subject,
  event: LifecycleEvent,
  { maxLosses }: { readonly maxLosses: number },
): Subject | null {
  const { state, ...context } = subject;
  const snapshot = composeMachine.resolveState({ value: state, context: { ...context, maxLosses } });
  if (!snapshot.can(event)) return null;
  const [next] = transition(composeMachine, snapshot, event);
  const { maxLosses: _, ...changed } = next.context;
  return { ...subject, ...changed, state: next.value };
}
