// The HTTP service on its one port: GraphQL over HTTP and WebSocket, the results, health. Stopping disconnects all clients
// within a limit of time.

import type { ApolloServer } from '@apollo/server';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Logger, Service } from '../app/ports.ts';
import { unexpectedProblem } from '../app/problem.ts';
import { Admission } from '../graphql/admission/admission.ts';
import { LIMITS } from '../graphql/admission/limits.ts';
import type { OperationContext } from '../graphql/context.ts';
import { buildApiSchema, schemaText } from '../graphql/schema.ts';
import { createApollo, GRAPHQL_PATH, registerGraphql, type GraphqlRoute } from './graphql-route.ts';
import { registerHealth } from './health.ts';
import { SCHEMA_PATH } from './landing-page.ts';
import { DEFAULT_LIMITS, type HttpLimits, type HttpOptions } from './options.ts';
import { registerFiles } from './files/route.ts';
import { serveSockets, type GraphqlSockets } from './websocket.ts';

export interface HttpService extends Service {
  /** The URL that it listens on. Throws before it is started. */
  readonly url: string;
  readonly sockets: GraphqlSockets;
}

interface Running {
  readonly app: FastifyInstance;
  readonly apollo: ApolloServer<OperationContext>;
  readonly sockets: GraphqlSockets;
  readonly url: string;
}

export function httpService(options: HttpOptions): HttpService {
  const limits: HttpLimits = { ...DEFAULT_LIMITS, ...options.limits };
  let starting: Promise<Running> | null = null;
  let stopping: Promise<void> | null = null;
  let running: Running | null = null;

  function started(): Running {
    if (!running) throw new Error('The HTTP service is not started');
    return running;
  }

  return {
    get url() {
      return started().url;
    },
    get sockets() {
      return started().sockets;
    },
    async start() {
      starting ??= listen(options, limits, () => stopping !== null);
      running = await starting;
    },
    stop() {
      stopping ??= starting
        ? starting.then(
            (service) => drain(service, limits.stopMs),
            () => undefined,
          )
        : Promise.resolve();
      return stopping;
    },
  };
}

async function listen(options: HttpOptions, limits: HttpLimits, isStopping: () => boolean): Promise<Running> {
  const { host, port, api, auth, logger, publicUrl } = options;
  const schema = buildApiSchema();
  const route: GraphqlRoute = {
    schema,
    schemaText: schemaText(schema),
    admission: new Admission(schema),
    api,
    auth,
    logger,
  };
  const apollo = createApollo(route);
  await apollo.start();

  const app = createApp(logger, isStopping);
  registerGraphql(app, apollo, route);
  registerHealth(app, options.readiness, isStopping);
  await registerFiles(app, options.targetDirs);
  app.get(SCHEMA_PATH, async (_request, reply) => reply.type('text/plain; charset=utf-8').send(route.schemaText));
  app.get('/', async (_request, reply) => reply.redirect(GRAPHQL_PATH, 302));

  const trustedOrigins = publicUrl ? [new URL(publicUrl).origin] : [];
  const sockets = serveSockets(app.server, { ...route, limits, trustedOrigins });
  const url = await app.listen({ host, port });
  return { app, apollo, sockets, url };
}

function createApp(logger: Logger, isStopping: () => boolean): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit: LIMITS.bodyBytes,
    routerOptions: { maxParamLength: 8_192 },
    forceCloseConnections: 'idle',
  });
  app.addHook('onSend', async (_request, reply) => {
    if (isStopping()) reply.header('connection', 'close');
  });
  app.setErrorHandler(
    (error: { readonly statusCode?: number; readonly headers?: Record<string, string> }, request, reply) => {
      const { statusCode = 500, headers = {} } = error;
      const text = statusCode < 500 ? 'Bad request' : unexpectedProblem(error, logger, { url: request.url }).message;
      return reply.code(statusCode).headers(headers).type('text/plain; charset=utf-8').send(`${text}\n`);
    },
  );
  return app;
}

/** Waits for requests and WebSockets to end. Closes the connections that are left after `stopMs`. */
async function drain({ app, apollo, sockets }: Running, stopMs: number): Promise<void> {
  const cutOff = setTimeout(() => {
    sockets.terminate();
    app.server.closeAllConnections();
  }, stopMs);
  try {
    await Promise.all([sockets.dispose(), app.close()]);
  } finally {
    clearTimeout(cutOff);
  }
  await apollo.stop();
}
