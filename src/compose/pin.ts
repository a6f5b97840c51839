// A named reason to keep a compose past its expiry; while there is one, its files are neither expired nor removed.

import type { FieldProblem } from './refusal.ts';
import { Check } from './validation/check.ts';

export interface Pin {
  readonly name: string;
  readonly owner: string;
  /** Null: until it is unpinned. */
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
}

export interface PinComposeInput {
  readonly id: string;
  readonly name: string;
  readonly secondsToLive?: number | null | undefined;
}

/** Enough for every reason; a bound for whoever makes them up by a script. */
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
    'must be a whole number of seconds above 0; leave it out for a pin that stays until it is taken away',
  );
  return check.problems;
}
