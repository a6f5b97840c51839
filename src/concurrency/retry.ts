// Repeats a call by a policy of retry-policies.ts, on top of p-retry.

import pRetry, { type Options } from 'p-retry';
import type { RetryPolicy } from './retry-policies.ts';

export interface Retried<T> {
  readonly outcome: T;
  /** Calls that were made. */
  readonly attempts: number;
}

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
 * retries and nothing else: `work` runs at least once, and its result is returned even if the abort came meanwhile.
 */
export async function retryErrors<T>(
  policy: RetryPolicy,
  signal: AbortSignal | null,
  work: () => Promise<T>,
  isRetryable: (error: unknown) => boolean,
): Promise<T> {
  if (signal?.aborted) return work();
  let done: { readonly value: T } | undefined;
  try {
    await pRetry(async () => (done = { value: await work() }), {
      ...optionsOf(policy, signal),
      shouldRetry: ({ error }) => isRetryable(error),
    });
  } catch (error) {
    if (!done) throw error;
  }
  return (done as { readonly value: T }).value;
}

function optionsOf(
  { attempts, firstPauseMs, maxPauseMs = Infinity, maxTotalMs = Infinity }: RetryPolicy,
  signal: AbortSignal | null,
): Options {
  return {
    retries: attempts - 1,
    minTimeout: firstPauseMs,
    maxTimeout: maxPauseMs,
    maxRetryTime: maxTotalMs,
    randomize: true,
    ...(signal && { signal }),
  };
}
