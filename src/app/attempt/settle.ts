// Stores how an attempt ended, unless publishing has stored it already: the compose becomes FAILED, or WAIT again.

import { failure } from '../../compose/failure.ts';
import { laneOf } from '../../compose/lane.ts';
import type { LifecycleEvent } from '../../compose/machine.ts';
import { changeCompose } from '../change-compose.ts';
import type { Attempt } from './attempt.ts';
import type { AttemptOutcome } from './machine.ts';
import type { StopCause } from './running-attempts.ts';

export async function settleAttempt(attempt: Attempt, outcome: AttemptOutcome): Promise<void> {
  if (outcome.type === 'published') return;
  const { deps, compose, logger } = attempt;
  await deps.results.flushLog(compose, attempt.number);
  await attempt.reporter.close();
  const event = eventOf(attempt, outcome);
  if (!event) return;
  await attempt.transaction(async (tx) => {
    const locked = await tx.lock(compose.id);
    if (!locked) return;
    // The rename may have happened in a transaction that was not committed.
    const meanwhile = () =>
      deps.results
        .trashAttempts(locked)
        .catch((error: unknown) => logger.warn({ err: error }, 'The files of the attempt could not be trashed yet'));
    const changed = await changeCompose(tx, locked, { event, by: 'system', meanwhile }, deps.rules);
    if (changed?.state === 'WAIT') await tx.enqueue(changed, laneOf(changed));
  });
}

/** Null if the attempt must not change the compose any more. */
function eventOf(attempt: Attempt, outcome: Exclude<AttemptOutcome, { type: 'published' }>): LifecycleEvent | null {
  const happened = { at: attempt.deps.clock.now(), attempt: attempt.number };
  switch (outcome.type) {
    case 'failed':
      return { ...happened, type: 'FAIL', failure: outcome.failure };
    case 'refused':
      return { ...happened, type: 'CANCELED' };
    case 'lost':
      return { ...happened, type: 'LOSE', lost: outcome.what };
    case 'stopped':
      return stopEvent(attempt, happened);
  }
}

function stopEvent(
  { signal, timeoutSeconds }: Attempt,
  happened: { readonly at: Date; readonly attempt: number },
): LifecycleEvent | null {
  const cause = signal.reason as StopCause;
  switch (cause) {
    case 'CANCEL':
      return { ...happened, type: 'CANCELED' };
    case 'TIMEOUT':
      return {
        ...happened,
        type: 'FAIL',
        failure: failure('TIMED_OUT', `Generating took longer than ${timeoutSeconds} s`),
      };
    case 'DRAIN':
      return { ...happened, type: 'HAND_BACK' };
    case 'SUPERSEDED':
      return null;
  }
}
