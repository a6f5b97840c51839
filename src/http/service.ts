// The HTTP service on its one port: GraphQL over HTTP and WebSocket, results, health. Starting listens, stopping lets
// go of every client within a bound.

import type { ApolloServer } from '@apollo/server';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Service } from '../app/ports.ts';
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
  /** Where it listens; known once it does. */
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

  function known(): Running {
    if (!running) throw new Error('the HTTP service has not been started');
    return running;
  }

  return {
    get url() {
      return known().url;
    },
    get sockets() {
      return known().sockets;
    },
    async start() {
      starting ??= listen(options, limits, () => stopping !== null);
      running = await starting;
    },
    stop() {
      stopping ??= starting
        ? starting.then(
            (started) => drain(started, limits.stopMs),
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
      const status = error.statusCode ?? 500;
      if (status >= 500) logger.error({ err: error, url: request.url }, 'a request failed unexpectedly');
      return reply
        .code(status)
        .headers(error.headers ?? {})
        .type('text/plain; charset=utf-8')
        .send(status >= 500 ? 'Internal error\n' : 'Bad request\n');
    },
  );
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

/** Lets requests end and tells WebSocket clients to go; whoever has not gone in time is cut off. */
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
