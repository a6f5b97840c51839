// How an operation that fails is reported, whatever interface it came through. Interfaces map a problem to their own
// form (GraphQL errors, HTTP status codes, exit codes) and add nothing to its meaning.

import { randomBytes } from 'node:crypto';
import type { FieldProblem, Refusal } from '../compose/refusal.ts';
import { isConnectionLoss } from './connection-loss.ts';
import type { Logger } from './ports.ts';

export type ProblemCode = Refusal['code'] | 'INTERNAL';

/** Whether the same operation may work later without a change. */
export const RETRYABLE: Readonly<Record<ProblemCode, boolean>> = {
  INVALID_INPUT: false,
  UNAUTHENTICATED: false,
  FORBIDDEN: false,
  NOT_FOUND: false,
  CONFLICT: false,
  UPSTREAM_UNAVAILABLE: true,
  RATE_LIMITED: true,
  INTERNAL: false,
};

export interface Problem {
  readonly code: ProblemCode;
  readonly message: string;
  readonly retryable: boolean;
  /** For INVALID_INPUT. */
  readonly fields?: readonly FieldProblem[];
  /** For INTERNAL: the id that the error is logged with. */
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
  const retryable = RETRYABLE[code];
  if (code !== 'INVALID_INPUT') return { code, retryable, message: refusal.message };
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
    code: 'INTERNAL',
    retryable: RETRYABLE.INTERNAL,
    message: `Internal error. Ask the operators to look up incident ${incident} in the service log.`,
    incident,
  };
}

function unavailable(message: string): Problem {
  return problemOf({ code: 'UPSTREAM_UNAVAILABLE', message });
}
