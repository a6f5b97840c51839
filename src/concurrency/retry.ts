// Repeats a call by a policy of retry-policies.ts, on top of p-retry.

import pRetry, { type Options } from 'p-retry';
import type { RetryPolicy } from './retry-policies.ts';

export interface Retried<T> {
  readonly outcome: T;
  /** Calls that were made. */
  readonly attempts: number;
}

/** p-retry multiplies a pause by a random factor between 1 and 2. */
const AVERAGE_FACTOR = 1.5;

/** Thrown inside p-retry for an outcome that is retryable. */
const RETRYABLE = new Error('The outcome is retryable');

/** Settles with the first outcome that is not retryable, or with the last one. Rejects after an abort, and with what `work` throws. */
export async function retry<T>(
  policy: RetryPolicy,
  signal: AbortSignal | null,
  work: () => Promise<T>,
  isRetryable: (outcome: T) => boolean,
): Promise<Retried<T>> {
  let last: Retried<T> | undefined;
  try {
    return await pRetry(
      async (attempts) => {
        last = { outcome: await work(), attempts };
        if (isRetryable(last.outcome)) throw RETRYABLE;
        return last;
      },
      { ...optionsOf(policy, signal), shouldRetry: ({ error }) => error === RETRYABLE },
    );
  } catch (error) {
    if (error === RETRYABLE && last) return last;
    throw error;
  }
}

/**
 * Settles with the first result; rejects with the first error that is not retryable, or with the last one. An abort ends the
 * retries and nothing else: `work` runs at least once, and its last result or error is the answer.
 */
export async function retryErrors<T>(
  policy: RetryPolicy,
  signal: AbortSignal | null,
  work: () => Promise<T>,
  isRetryable: (error: unknown) => boolean,
): Promise<T> {
  let last: Promise<T> | undefined;
  const call = () => (last = work());
  // After an abort, p-retry rejects with the reason of the signal, before the first call as well.
  await pRetry(call, { ...optionsOf(policy, signal), shouldRetry: ({ error }) => isRetryable(error) }).catch(() => {});
  return last ?? work();
}

function optionsOf(
  { attempts, firstPauseMs, maxPauseMs = Infinity, maxTotalMs = Infinity }: RetryPolicy,
  signal: AbortSignal | null,
): Options {
  return {
    retries: attempts - 1,
    minTimeout: firstPauseMs / AVERAGE_FACTOR,
    maxTimeout: maxPauseMs,
    maxRetryTime: maxTotalMs,
    randomize: true,
    ...(signal && { signal }),
  };
}
