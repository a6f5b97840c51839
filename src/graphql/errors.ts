// The one mapping of what goes wrong to GraphQL errors. Every error that leaves has a code of the contract and says
// whether trying again may help; what nobody expected is logged under an id and says nothing else.

import { randomUUID } from 'node:crypto';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { isConnectionLoss } from '../app/connection-loss.ts';
import type { Logger } from '../app/ports.ts';
import type { FieldProblem, Outcome, Refusal } from '../compose/refusal.ts';

type ErrorCode = Refusal['code'] | 'INTERNAL_SERVER_ERROR';

const CODES: ReadonlySet<string> = new Set<ErrorCode>([
  'BAD_USER_INPUT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'UPSTREAM_UNAVAILABLE',
  'RATE_LIMITED',
  'INTERNAL_SERVER_ERROR',
]);

/** What Apollo says when the request itself is at fault. */
const REQUEST_FAULTS: ReadonlySet<string> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'PERSISTED_QUERY_NOT_FOUND',
  'BAD_REQUEST',
]);

export function refusalError(refusal: Refusal): GraphQLError {
  switch (refusal.code) {
    case 'BAD_USER_INPUT':
      return badInput(...refusal.fields);
    case 'UPSTREAM_UNAVAILABLE':
    case 'RATE_LIMITED':
      return new GraphQLError(refusal.message, { extensions: { code: refusal.code, retryable: true } });
    case 'UNAUTHENTICATED':
      return new GraphQLError(refusal.message, {
        extensions: { code: refusal.code, retryable: false, http: { status: 401 } },
      });
    case 'FORBIDDEN':
    case 'NOT_FOUND':
    case 'CONFLICT':
      return new GraphQLError(refusal.message, { extensions: { code: refusal.code, retryable: false } });
  }
}

export function badInput(...fields: readonly FieldProblem[]): GraphQLError {
  const message = fields.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return new GraphQLError(message || 'Invalid input', {
    extensions: { code: 'BAD_USER_INPUT', retryable: false, fields },
  });
}

/** The value of an outcome; a refusal becomes the error that the client gets. */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw refusalError(outcome.refusal);
}

/** An error as it goes out. */
export function formatError(formatted: GraphQLFormattedError, error: unknown, log: Logger): GraphQLFormattedError {
  const { code } = formatted.extensions ?? {};
  // Whoever throws a plain Error with a code of ours has not decided that: only GraphQLErrors are taken at their word.
  const cause = error instanceof GraphQLError ? error.originalError : error;
  const deliberate = !cause || cause instanceof GraphQLError;
  if (deliberate && typeof code === 'string') {
    if (code !== 'INTERNAL_SERVER_ERROR' && CODES.has(code))
      return withExtensions(formatted, { retryable: false, ...formatted.extensions });
    if (REQUEST_FAULTS.has(code)) return withExtensions(formatted, requestFault(formatted.message));
  }
  // graphql-js itself raises errors without a cause only for what the request says.
  if (deliberate && code === undefined) return withExtensions(formatted, requestFault(formatted.message));
  if (isConnectionLoss(cause)) {
    log.warn({ err: cause }, 'the database was not reached while an operation ran');
    return withExtensions(
      { ...formatted, message: 'The database is not reached at the moment; try again' },
      { code: 'UPSTREAM_UNAVAILABLE', retryable: true },
    );
  }
  const incident = randomUUID();
  log.error({ err: cause ?? error, incident, path: formatted.path }, 'an operation failed unexpectedly');
  return withExtensions(
    { ...formatted, message: `Internal error; the log has it as ${incident}` },
    { code: 'INTERNAL_SERVER_ERROR', retryable: false, incident },
  );
}

function requestFault(message: string): GraphQLFormattedError['extensions'] & object {
  return { code: 'BAD_USER_INPUT', retryable: false, fields: [{ path: 'query', message }] };
}

function withExtensions(
  formatted: GraphQLFormattedError,
  extensions: NonNullable<GraphQLFormattedError['extensions']>,
): GraphQLFormattedError {
  return { ...formatted, extensions };
}

/** Errors outside Apollo: results of subscriptions and of operations over WebSockets. */
export function formatErrors(errors: readonly GraphQLError[], log: Logger): GraphQLFormattedError[] {
  return errors.map((error) => formatError(error.toJSON(), error, log));
}
