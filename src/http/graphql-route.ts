// GraphQL over HTTP. Admission comes before Apollo Server: documents that are too large, invalid or too expensive are
// answered here, with the same errors as over WebSocket.

import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import type { Logger } from '../app/ports.ts';
import type { Authentication } from '../auth/registry.ts';
import type { Admission, OperationRequest } from '../graphql/admission/admission.ts';
import type { Api } from '../app/api.ts';
import { operationContext, type OperationContext } from '../graphql/context.ts';
import { badInput, formatError, formatErrors, valueOf } from '../graphql/errors.ts';
import { drainBody } from './drain-body.ts';
import { landingPage } from './landing-page.ts';

export const GRAPHQL_PATH = '/graphql';

export interface GraphqlRoute {
  readonly schema: GraphQLSchema;
  readonly schemaText: string;
  readonly admission: Admission;
  readonly api: Api;
  readonly auth: Authentication;
  readonly logger: Logger;
}

export function createApollo({ schema, schemaText, logger }: GraphqlRoute): ApolloServer<OperationContext> {
  return new ApolloServer<OperationContext>({
    schema,
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    // The composition root stops the parts in order.
    stopOnTerminationSignals: false,
    formatError: (formatted, error) => formatError(formatted, error, logger),
    logger: {
      debug: (message: unknown) => logger.debug({}, String(message)),
      info: (message: unknown) => logger.info({}, String(message)),
      warn: (message: unknown) => logger.warn({}, String(message)),
      error: (message: unknown) => logger.error({}, String(message)),
    },
    plugins: [
      landingPage(schemaText),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
}

/** `apollo` must be started. */
export function registerGraphql(
  app: FastifyInstance,
  apollo: ApolloServer<OperationContext>,
  route: GraphqlRoute,
): void {
  const { admission, api, auth, logger } = route;
  app.route({
    method: ['GET', 'POST'],
    url: GRAPHQL_PATH,
    async preHandler(request, reply) {
      const operation = operationOf(request);
      const admitted = operation && admission.admit(operation);
      if (admitted && !admitted.ok) return sendErrors(request, reply, 400, formatErrors(admitted.errors, logger));
    },
    errorHandler(error, request, reply) {
      drainBody(
        request.raw,
        () => void sendErrors(request, reply, error.statusCode ?? 500, [requestError(error, logger)]),
      );
    },
    handler: fastifyApolloHandler(apollo, {
      context: async (request: FastifyRequest) => {
        const viewer = valueOf(await auth.authenticate({ headers: request.headers, remoteAddress: request.ip }));
        return operationContext(api, viewer, logger, { live: false });
      },
    }),
  });
}

/** The operation of a request; null when there is none, which Apollo Server reports. */
function operationOf(request: FastifyRequest): OperationRequest | null {
  const { method, body, query } = request;
  if (method === 'GET') {
    const { query: text, operationName, variables } = query as Record<string, unknown>;
    return typeof text === 'string'
      ? { query: text, operationName: textOf(operationName), variables: parsed(variables) }
      : null;
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return null;
  const { query: text, operationName, variables } = body as Record<string, unknown>;
  return typeof text === 'string'
    ? { query: text, operationName: textOf(operationName), variables: recordOf(variables) }
    : null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function recordOf(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}

function parsed(variables: unknown): Record<string, unknown> | null {
  try {
    return typeof variables === 'string' ? recordOf(JSON.parse(variables)) : null;
  } catch {
    return null;
  }
}

function sendErrors(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  errors: readonly GraphQLFormattedError[],
): FastifyReply {
  const asResponse = request.headers.accept?.includes('application/graphql-response+json') ?? false;
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .type(asResponse ? 'application/graphql-response+json; charset=utf-8' : 'application/json; charset=utf-8')
    .send(JSON.stringify({ errors }));
}

/** The answer when Fastify refuses a request: a body that is too large or not JSON, or another content type. */
function requestError(
  error: { readonly statusCode?: number; readonly message: string },
  logger: Logger,
): GraphQLFormattedError {
  const { statusCode = 500, message } = error;
  const mapped =
    statusCode < 500
      ? badInput({ path: 'query', message })
      : new GraphQLError('Internal error', { originalError: error as Error });
  return formatError(mapped.toJSON(), mapped, logger);
}
