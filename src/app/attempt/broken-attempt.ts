// What an error that broke an attempt means: something that it needs was lost, or a failure to tell.

import { failure, type ComposeFailure } from '../../compose/failure.ts';
import type { Lost } from '../../compose/machine.ts';
import { isConnectionLoss } from '../connection-loss.ts';
import { AttemptTakenOver, StorageFailed } from '../ports.ts';

export function lostCause(error: unknown): Lost | null {
  if (error instanceof AttemptTakenOver) return 'FILES';
  return !(error instanceof StorageFailed) && isConnectionLoss(error) ? 'DATABASE' : null;
}

export function brokenFailure(error: unknown): ComposeFailure {
  if (error instanceof StorageFailed) return error.failure;
  return failure('INTERNAL', 'The service made a mistake; its operators find it in the log');
}
