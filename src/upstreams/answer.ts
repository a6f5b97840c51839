// What a call to another service comes to: a value, or the failure of the compose that needs it.

import { failure, type ComposeFailure } from '../compose/failure.ts';

export interface Failed {
  readonly failure: ComposeFailure;
}

export type Answer<T> = { readonly value: T } | Failed;

/** The request names something that cannot be used. */
export function invalidSource(message: string, details: string | null = null): Failed {
  return { failure: failure('INVALID_SOURCE', message, details) };
}
