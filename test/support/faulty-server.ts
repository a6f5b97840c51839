// An HTTP server that fails on demand: each fault applies to a number of requests; other requests are answered.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';

export type Fault =
  /** Answers with the status and an HTML page. */
  | { readonly kind: 'status'; readonly status: number }
  /** Closes the connection without an answer. */
  | { readonly kind: 'cut' }
  /** Sends half of the answer and closes the connection. */
  | { readonly kind: 'cut-within' }
  /** Never answers. */
  | { readonly kind: 'stall' }
  /** Answers 200 with the body. */
  | { readonly kind: 'body'; readonly body: string };

export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface FaultyServer {
  readonly url: string;
  readonly requests: SeenRequest[];
  /** Applies to the next `times` requests whose URL contains `where`. */
  fail(fault: Fault, times?: number, where?: string): void;
  openConnections(): Promise<number>;
  close(): Promise<void>;
}

type Handler = (request: SeenRequest) => Answer | Promise<Answer>;

export async function startFaultyServer(handle: Handler): Promise<FaultyServer> {
  const requests: SeenRequest[] = [];
  const faults: { fault: Fault; left: number; where: string }[] = [];
  const server = createServer((incoming, response) => {
    void respond(incoming, response).catch((error: unknown) => response.destroy(error as Error));
  });

  // Longer than a test, so that only clients close connections.
  server.keepAliveTimeout = 600_000;

  async function respond(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const { method = 'GET', url = '/', headers } = incoming;
    const request: SeenRequest = { method, url, headers, body: Buffer.concat(chunks) };
    requests.push(request);
    const due = faults.find(({ left, where }) => left > 0 && url.includes(where));
    if (due) due.left--;
    if (!due) return send(response, await handle(request));
    await misbehave(due.fault, response, async () => await handle(request));
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    fail: (fault, times = 1, where = '') => void faults.push({ fault, left: times, where }),
    openConnections: () => promisify(server.getConnections.bind(server))(),
    async close() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

function send(response: ServerResponse, { status = 200, headers = {}, body }: Answer): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

async function misbehave(fault: Fault, response: ServerResponse, answer: () => Promise<Answer>): Promise<void> {
  switch (fault.kind) {
    case 'status':
      return send(response, {
        status: fault.status,
        headers: { 'content-type': 'text/html' },
        body: `<h1>${fault.status}</h1>`,
      });
    case 'body':
      return send(response, { body: fault.body });
    case 'cut':
      return void response.socket?.destroy();
    case 'stall':
      return;
    case 'cut-within': {
      const { body, headers } = await answer();
      const bytes = Buffer.from(body);
      response.writeHead(200, { 'content-type': 'application/json', ...headers, 'content-length': bytes.length });
      // The half must be sent before the connection is closed.
      await new Promise<void>((sent) => response.write(bytes.subarray(0, bytes.length / 2), () => sent()));
      response.socket?.destroy();
    }
  }
}

export function json(value: unknown, status = 200): Answer {
  return { status, body: JSON.stringify(value) };
}
