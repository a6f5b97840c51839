// How long results are to be kept: what is asked for, within the configured limit.

import type { Check } from './check.ts';
import type { RequestRules } from './rules.ts';

export function readSecondsToLive(asked: number | null | undefined, rules: RequestRules, check: Check): number {
  if (asked == null) return rules.secondsToLive;
  if (!Number.isInteger(asked) || asked <= 0)
    check.fail(
      'input.secondsToLive',
      `must be a whole number of seconds above 0; more than ${rules.maxSecondsToLive} is capped`,
    );
  return Math.min(asked, rules.maxSecondsToLive);
}
