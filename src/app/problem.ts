// How an operation that fails is reported, whatever interface it came through. Interfaces map a problem to their own
// form (GraphQL errors, HTTP status codes, exit codes) and add nothing to its meaning.

import { randomBytes } from 'node:crypto';
import type { FieldProblem, Refusal } from '../compose/refusal.ts';
import { isConnectionLoss } from './connection-loss.ts';
import type { Logger } from './ports.ts';

export type ProblemCode = Refusal['code'] | 'INTERNAL_SERVER_ERROR';

/** The codes, and whether the same operation may work later without a change. */
export const PROBLEMS: Readonly<Record<ProblemCode, { readonly retryable: boolean; readonly meaning: string }>> = {
  BAD_USER_INPUT: {
    retryable: false,
    meaning: 'The input is wrong. `fields` lists the `path` and `message` of each wrong part.',
  },
  UNAUTHENTICATED: { retryable: false, meaning: 'The request has no valid credentials.' },
  FORBIDDEN: { retryable: false, meaning: 'The viewer may not do this. `viewer { may { … } }` lists what is allowed.' },
  NOT_FOUND: { retryable: false, meaning: 'There is no such compose or pin, or the viewer may not read it.' },
  CONFLICT: {
    retryable: false,
    meaning: 'The state of the compose does not allow this, or the idempotency key was used for another input.',
  },
  UPSTREAM_UNAVAILABLE: {
    retryable: true,
    meaning:
      'The database, or for `composePlan` the source, cannot be reached, or a stream was interrupted. Try again.',
  },
  RATE_LIMITED: {
    retryable: true,
    meaning: 'Too many open composes of the owner, operations on the connection, or plans at a time. Try again later.',
  },
  INTERNAL_SERVER_ERROR: {
    retryable: false,
    meaning: 'An error of the service. Operators find it in the service log by the id in `incident`.',
  },
};

export interface Problem {
  readonly code: ProblemCode;
  readonly message: string;
  readonly retryable: boolean;
  /** For BAD_USER_INPUT. */
  readonly fields?: readonly FieldProblem[];
  /** For INTERNAL_SERVER_ERROR: the id that the error is logged with. */
  readonly incident?: string;
}

/** Thrown when a stream of events or log chunks ends early; the client can subscribe again where it stopped. */
export class StreamInterrupted extends Error {
  override readonly name = 'StreamInterrupted';

  constructor(options?: ErrorOptions) {
    super('The event stream was interrupted. Subscribe again with the last cursor or offset.', options);
  }
}

export function problemOf(refusal: Refusal): Problem {
  const { code } = refusal;
  const { retryable } = PROBLEMS[code];
  if (code !== 'BAD_USER_INPUT') return { code, retryable, message: refusal.message };
  const message = refusal.fields.map(({ path, message }) => `${path}: ${message}`).join('; ') || 'Invalid input';
  return { code, retryable, message, fields: refusal.fields };
}

/** The problem of an error that is no refusal. Logs it; what the client sees has none of its details. */
export function unexpectedProblem(error: unknown, logger: Logger, details: object = {}): Problem {
  if (error instanceof StreamInterrupted) {
    logger.warn({ ...details, err: error.cause }, 'A stream was interrupted');
    return unavailable(error.message);
  }
  if (isConnectionLoss(error)) {
    logger.warn({ ...details, err: error }, 'The database could not be reached during an operation');
    return unavailable('The database cannot be reached at the moment. Try again.');
  }
  const incident = randomBytes(4).toString('hex');
  logger.error({ ...details, err: error, incident }, 'An operation failed with an unexpected error');
  return {
    code: 'INTERNAL_SERVER_ERROR',
    retryable: PROBLEMS.INTERNAL_SERVER_ERROR.retryable,
    message: `Internal error. Ask the operators to look up incident ${incident} in the service log.`,
    incident,
  };
}

function unavailable(message: string): Problem {
  return problemOf({ code: 'UPSTREAM_UNAVAILABLE', message });
}
