// GraphQL over WebSocket (graphql-transport-ws), on the port of the HTTP service.

import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ServerOptions } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Viewer } from '../compose/viewer.ts';
import { LIMITS } from '../graphql/admission/limits.ts';
import { formatErrors, refusalError } from '../graphql/errors.ts';
import type { ComposeEventView } from '../graphql/types/compose-event.ts';
import { SharedTails } from '../live/shared-tail.ts';
import { GRAPHQL_PATH, type GraphqlRoute } from './graphql-route.ts';
import type { HttpLimits } from './options.ts';
import { admit, subscribe } from './socket-operations.ts';

const PING_MS = 12_000;

type Extra = {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  viewer?: Viewer;
};

export interface GraphqlSockets {
  /** The live operations, and the clients that share them. */
  readonly tails: SharedTails<ComposeEventView>;
  /** Asks clients to disconnect. Resolves when all have. */
  dispose(): Promise<void>;
  /** Closes the remaining connections. */
  terminate(): void;
}

interface SocketOptions extends GraphqlRoute {
  readonly limits: HttpLimits;
  /** Origins whose pages may connect, besides the host that they connect to. */
  readonly trustedOrigins: readonly string[];
}

export function serveSockets(server: Server, options: SocketOptions): GraphqlSockets {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: LIMITS.bodyBytes, perMessageDeflate: false });
  const tails = new SharedTails<ComposeEventView>();
  const protocol = useServer<Record<string, unknown>, Extra>(protocolOptions(options, tails), sockets, PING_MS);

  server.on('upgrade', (request, socket, head) => {
    const refusal = refuseUpgrade(request, sockets.clients.size, options);
    if (refusal) return answerAndClose(socket, refusal);
    sockets.handleUpgrade(request, socket, head, (client) => {
      sockets.emit('connection', client, request);
      // A protocol error of the client closes its socket. The listener of graphql-ws would print it to the console.
      client
        .removeAllListeners('error')
        .on('error', (error) => options.logger.debug({ err: error }, 'A WebSocket was closed with an error'));
    });
  });

  return {
    tails,
    dispose: async () => protocol.dispose(),
    terminate() {
      for (const client of sockets.clients) client.terminate();
    },
  };
}

function protocolOptions(
  options: SocketOptions,
  tails: SharedTails<ComposeEventView>,
): ServerOptions<Record<string, unknown>, Extra> {
  const { schema, auth, logger, limits } = options;
  return {
    schema,
    connectionInitWaitTimeout: limits.connectionInitMs,
    async onConnect({ extra }) {
      const { headers, socket } = extra.request;
      const outcome = await auth.authenticate({ headers, remoteAddress: socket.remoteAddress });
      if (outcome.ok) extra.viewer = outcome.value;
      return outcome.ok;
    },
    onSubscribe({ extra, subscriptions }, id, payload) {
      const { viewer, socket } = extra;
      if (!viewer) return [refusalError({ code: 'UNAUTHENTICATED', message: 'The connection is not authenticated' })];
      if (Object.keys(subscriptions).length > limits.subscriptionsPerSocket) {
        const message = `A connection may have ${limits.subscriptionsPerSocket} operations at a time. Complete one, or open another connection.`;
        return [refusalError({ code: 'RATE_LIMITED', message })];
      }
      return admit(options, { viewer, socket, id, payload });
    },
    subscribe: (args) => subscribe(args, tails),
    onNext: (_context, _id, _payload, _args, { data, errors }) =>
      errors && { ...(data !== undefined && { data }), errors: formatErrors(errors, logger) },
    onError: (_context, _id, _payload, errors) => formatErrors(errors, logger),
  };
}

function refuseUpgrade(
  request: IncomingMessage,
  clients: number,
  { limits, trustedOrigins }: SocketOptions,
): string | null {
  const path = request.url?.split('?', 1)[0];
  if (path !== GRAPHQL_PATH) return '404 Not Found';
  // Browsers let any page open a WebSocket to any host. This check keeps pages from acting for their visitors.
  const { origin, host } = request.headers;
  if (origin !== undefined && !trustedOrigins.includes(origin) && hostOf(origin) !== host) return '403 Forbidden';
  if (clients >= limits.sockets) return '503 Service Unavailable';
  return null;
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}

function answerAndClose(socket: Duplex, status: string): void {
  socket.on('error', () => socket.destroy());
  const body = `${status.slice(4)}\n`;
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
}
