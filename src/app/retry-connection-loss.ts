// Retries a small transaction while PostgreSQL cannot be reached. For work that does no harm when it runs twice: the answer
// to a commit may have been lost.

import { RETRY_POLICIES } from '../concurrency/retry-policies.ts';
import { retryErrors } from '../concurrency/retry.ts';
import { isConnectionLoss } from './connection-loss.ts';

export function retryConnectionLoss<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return retryErrors(RETRY_POLICIES['database-outage'], signal, work, isConnectionLoss);
}
