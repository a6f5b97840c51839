// Maps refusals and unexpected errors to GraphQL errors. Their meaning is decided in app/problem.ts.

import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Logger } from '../app/ports.ts';
import { problemOf, unexpectedProblem, type Problem } from '../app/problem.ts';
import type { FieldProblem, Outcome, Refusal } from '../compose/refusal.ts';
import { errorCodeOf, GRAPHQL_ERRORS } from './error-codes.ts';

/** Codes of Apollo Server for requests that are not valid GraphQL. */
const REQUEST_FAULTS: ReadonlySet<string> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'PERSISTED_QUERY_NOT_FOUND',
  'BAD_REQUEST',
]);

export function refusalError(refusal: Refusal): GraphQLError {
  const { message, ...extensions } = problemOf(refusal);
  return new GraphQLError(message, {
    extensions: {
      ...extensions,
      code: errorCodeOf(refusal.code),
      ...(refusal.code === 'UNAUTHENTICATED' && { http: { status: 401 } }),
    },
  });
}

export function badInput(...fields: readonly FieldProblem[]): GraphQLError {
  return refusalError({ code: 'INVALID_INPUT', fields });
}

/** The value of an outcome. Throws the error that clients get for a refusal. */
export function valueOf<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw refusalError(outcome.refusal);
}

/** An error as clients get it. */
export function formatError(formatted: GraphQLFormattedError, error: unknown, log: Logger): GraphQLFormattedError {
  const { code } = formatted.extensions ?? {};
  // The code of an error that is not a GraphQLError comes from elsewhere (PostgreSQL, Node.js) and means nothing here.
  const cause = error instanceof GraphQLError ? error.originalError : error;
  const isDeliberate = !cause || cause instanceof GraphQLError;
  const refusal = isDeliberate && typeof code === 'string' ? refusalCode(code) : undefined;
  if (refusal) return { ...formatted, extensions: { retryable: refusal.retryable, ...formatted.extensions } };
  // graphql-js raises errors without a code and a cause only for faults of the request.
  if (isDeliberate && (code === undefined || REQUEST_FAULTS.has(String(code))))
    return withProblem(formatted, requestFault(formatted.message));
  return withProblem(formatted, unexpectedProblem(cause ?? error, log, { path: formatted.path }));
}

/** Formats errors that Apollo Server does not see: those of operations over WebSockets. */
export function formatErrors(errors: readonly GraphQLError[], log: Logger): GraphQLFormattedError[] {
  return errors.map((error) => formatError(error.toJSON(), error, log));
}

function refusalCode(code: string): { readonly retryable: boolean } | undefined {
  return code !== errorCodeOf('INTERNAL') && Object.hasOwn(GRAPHQL_ERRORS, code) ? GRAPHQL_ERRORS[code] : undefined;
}

function requestFault(message: string): Problem {
  return { ...problemOf({ code: 'INVALID_INPUT', fields: [{ path: 'query', message }] }), message };
}

function withProblem(formatted: GraphQLFormattedError, { message, ...extensions }: Problem): GraphQLFormattedError {
  return { ...formatted, message, extensions: { ...extensions, code: errorCodeOf(extensions.code) } };
}
