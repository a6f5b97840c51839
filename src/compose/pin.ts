// A pin: a named reason to keep a compose past its expiry. A compose with a pin neither expires nor can be removed.

import type { FieldProblem } from './refusal.ts';
import { Check } from './validation/check.ts';

export interface Pin {
  readonly name: string;
  readonly owner: string;
  /** Null for a pin that stays until it is removed. */
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
}

export interface PinComposeInput {
  readonly id: string;
  readonly name: string;
  readonly secondsToLive?: number | null | undefined;
}

/** Pins of one compose, at most. */
export const MAX_PINS = 100;
const PIN_NAME = {
  pattern: /^(?! )[A-Za-z0-9 \-/_.:#+@=]+(?<! )$/,
  expected: 'may contain only ASCII letters, digits, spaces and - / _ . : # + @ =, and no space at its ends',
  limit: 100,
};

export function validatePin({
  name,
  secondsToLive,
}: Pick<PinComposeInput, 'name' | 'secondsToLive'>): readonly FieldProblem[] {
  const check = new Check();
  check.text('input.name', name, PIN_NAME);
  check.integer(
    'input.secondsToLive',
    secondsToLive,
    1,
    'must be a whole number of seconds above 0; leave it out for a pin that stays until it is removed',
  );
  return check.problems;
}
