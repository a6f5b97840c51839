// The outcome of an attempt that an error ended. A stop, a lost connection and a refusing file system are expected; any
// other error is a bug.

import { failure } from '../../compose/failure.ts';
import type { LossCause } from '../../compose/lifecycle-event.ts';
import { isConnectionLoss } from '../connection-loss.ts';
import { AttemptSuperseded, StorageError, UpstreamInterrupted } from '../ports.ts';
import type { Attempt } from './attempt.ts';
import type { AttemptOutcome } from './machine.ts';

export function outcomeOfError(
  error: unknown,
  { compose, number, logger, signal }: Pick<Attempt, 'compose' | 'number' | 'logger' | 'signal'>,
): AttemptOutcome {
  if (signal.aborted)
    return { type: 'stopped', upstream: error instanceof UpstreamInterrupted ? error.upstream : null };
  const what = lostCause(error);
  if (what) {
    logger.warn({ err: error, what }, 'The attempt lost its database connection or its files');
    return { type: 'lost', what };
  }
  logger.error({ err: error }, 'The attempt failed with an error');
  if (error instanceof StorageError) return { type: 'failed', failure: error.failure };
  return {
    type: 'failed',
    failure: failure(
      'INTERNAL',
      `Internal error of the service. Ask its operators to look up compose ${compose.id}, attempt ${number} in the service log.`,
    ),
  };
}

function lostCause(error: unknown): LossCause | null {
  if (error instanceof AttemptSuperseded) return 'FILES';
  return !(error instanceof StorageError) && isConnectionLoss(error) ? 'DATABASE' : null;
}
