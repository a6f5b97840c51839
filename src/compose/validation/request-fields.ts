// Fields that requests for a new compose and renewals have in common.

import type { Check } from './check.ts';
import { LIMITS, type RequestRules } from './rules.ts';

/** The requested lifetime in seconds, or the default; capped at the configured maximum. */
export function readSecondsToLive(
  requested: number | null | undefined,
  { secondsToLive, maxSecondsToLive }: RequestRules,
  check: Check,
): number {
  if (requested == null) return secondsToLive;
  if (!Number.isInteger(requested) || requested <= 0)
    check.fail(
      'input.secondsToLive',
      `must be a whole number of seconds above 0; values above ${maxSecondsToLive} are reduced to it`,
    );
  return Math.min(requested, maxSecondsToLive);
}

export function checkIdempotencyKey(key: string | null | undefined, check: Check): void {
  if (key != null && (key === '' || key.length > LIMITS.idempotencyKey))
    check.fail('input.idempotencyKey', `must be 1 to ${LIMITS.idempotencyKey} characters long`);
}
