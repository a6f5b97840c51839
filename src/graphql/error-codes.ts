// The codes of errors as GraphQL clients see them, with their meaning.

import { RETRYABLE, type ProblemCode } from '../app/problem.ts';

interface ErrorCode {
  readonly code: string;
  readonly meaning: string;
}

const ERROR_CODES: Readonly<Record<ProblemCode, ErrorCode>> = {
  INVALID_INPUT: {
    code: 'BAD_USER_INPUT',
    meaning: 'The input is wrong. `fields` lists the `path` and `message` of each wrong part.',
  },
  UNAUTHENTICATED: { code: 'UNAUTHENTICATED', meaning: 'The request has no valid credentials.' },
  FORBIDDEN: {
    code: 'FORBIDDEN',
    meaning: 'The viewer may not do this. `viewer { may { … } }` lists what is allowed.',
  },
  NOT_FOUND: { code: 'NOT_FOUND', meaning: 'There is no such compose or pin, or the viewer may not read it.' },
  CONFLICT: {
    code: 'CONFLICT',
    meaning: 'The state of the compose does not allow this, or the idempotency key was used for another input.',
  },
  UPSTREAM_UNAVAILABLE: {
    code: 'UPSTREAM_UNAVAILABLE',
    meaning:
      'The database, or for `composePlan` the source, cannot be reached, or a stream was interrupted. Try again.',
  },
  RATE_LIMITED: {
    code: 'RATE_LIMITED',
    meaning: 'Too many open composes of the owner, operations on the connection, or plans at a time. Try again later.',
  },
  INTERNAL: {
    code: 'INTERNAL_SERVER_ERROR',
    meaning: 'An error of the service. Operators find it in the service log by the id in `incident`.',
  },
};

export function errorCodeOf(problem: ProblemCode): string {
  return ERROR_CODES[problem].code;
}

/** By the code that clients see. */
export const GRAPHQL_ERRORS: Readonly<Record<string, { readonly retryable: boolean; readonly meaning: string }>> =
  Object.fromEntries(
    Object.entries(ERROR_CODES).map(([problem, { code, meaning }]) => [
      code,
      { retryable: RETRYABLE[problem as ProblemCode], meaning },
    ]),
  );
