// Stores how an attempt ended, unless publishing has stored it already: the compose becomes FAILED, or WAIT again.

import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { laneOf } from '../../compose/lane.ts';
import type { LifecycleEvent } from '../../compose/lifecycle-event.ts';
import { sourceKey } from '../../compose/sources/descriptors.ts';
import { changeCompose } from '../change-compose.ts';
import type { Attempt } from './attempt.ts';
import type { AttemptOutcome } from './machine.ts';
import { RESOLVE_PHASE } from './resolve.ts';
import type { StopCause } from './running-attempts.ts';

/** Characters of a source that a failure quotes. */
const MAX_SOURCE_NAME = 200;

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
      return stopEvent(attempt, happened, outcome.upstream);
  }
}

function stopEvent(
  attempt: Attempt,
  happened: { readonly at: Date; readonly attempt: number },
  upstream: string | null,
): LifecycleEvent | null {
  const cause = attempt.signal.reason as StopCause;
  switch (cause) {
    case 'CANCEL':
      return { ...happened, type: 'CANCELED' };
    case 'TIMEOUT':
      return {
        ...happened,
        type: 'FAIL',
        failure: timedOut(attempt, upstream),
      };
    case 'DRAIN':
      return { ...happened, type: 'HAND_BACK' };
    case 'SUPERSEDED':
      return null;
  }
}

function timedOut({ compose, reporter, timeoutSeconds }: Attempt, upstream: string | null): ComposeFailure {
  if (upstream !== null)
    return failure(
      'TIMED_OUT',
      `${upstream} had not answered when the limit for one attempt, ${timeoutSeconds} s, ended. Try again later, or ask the operators to check that service.`,
    );
  const limit = `longer than ${timeoutSeconds} s, the limit for one attempt`;
  const name = `${compose.source.type} ${sourceKey(compose.source).slice(0, MAX_SOURCE_NAME)}`;
  if (reporter.phase === RESOLVE_PHASE)
    return failure(
      'TIMED_OUT',
      `Resolving the source (${name}) took ${limit}. A service that the source needs is slow or does not answer; try again later.`,
    );
  return failure(
    'TIMED_OUT',
    `Generating took ${limit}; the last phase was ${reporter.phase ?? 'BEGIN'}. Try again later, or request fewer packages or arches.`,
  );
}
