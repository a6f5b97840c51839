// A Koji hub for tests: XML-RPC over a real socket at /kojihub and signed copies at /kojifiles, on a model that tests change.
// It breaks on demand, and records its requests.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { parseKojiProfile, type KojiProfile } from '../../../src/upstreams/koji/koji-profile.ts';
import { readChunks } from '../../../src/upstreams/koji/read-answer.ts';
import { isStruct, type XmlRpcValue } from '../../../src/upstreams/xml-rpc/value.ts';
import { HubFault } from './hub-arguments.ts';
import { callMethod } from './methods.ts';
import { KojiModel } from './model.ts';
import { faultResponse, response } from './wire.ts';

export { BUILD_STATE, TASK_STATE } from './model.ts';

export type Breakage =
  | { readonly kind: 'status'; readonly status: number; readonly body?: string }
  /** Sends half of the answer and closes the connection. */
  | { readonly kind: 'cut' }
  /** Closes the connection without an answer. */
  | { readonly kind: 'reset' }
  /** Sends half of the answer and keeps the connection open. */
  | { readonly kind: 'stall' }
  /** Sends nothing and keeps the connection open. */
  | { readonly kind: 'silence' }
  | { readonly kind: 'body'; readonly body: string | Buffer; readonly contentType?: string }
  | { readonly kind: 'value'; readonly value: XmlRpcValue }
  | { readonly kind: 'fault'; readonly code: number; readonly text: string };

export interface HubRequest {
  readonly method: string;
  readonly params: readonly XmlRpcValue[];
}

export interface Hold {
  /** Resolves when `count` requests wait. */
  waiting(count: number): Promise<void>;
  release(): void;
}

export class FakeKoji extends KojiModel {
  /** In order; a multiCall is one request. */
  readonly requests: HubRequest[] = [];
  readonly breakages: { readonly breakage: Breakage; readonly method: string | null }[] = [];
  /** Methods that the hub does not have, as an old one. */
  readonly unknownMethods = new Set<string>();
  /** Accepted so far. */
  connections = 0;
  /** The largest number of concurrent requests. */
  mostAtOnce = 0;
  /** Called before each answer, e.g. to change the model in between. */
  beforeAnswer: ((asked: HubRequest) => void) | null = null;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #atOnce = 0;
  #hold: { readonly gate: Promise<void>; arrived(): void } | null = null;

  constructor() {
    super();
    this.#server = createServer((request, reply) => void this.#serve(request, reply));
    // Longer than a test, so that only clients close connections.
    this.#server.keepAliveTimeout = 600_000;
    this.#server.on('connection', (socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** A profile of this hub with short pauses and three tries. */
  profile(settings: Partial<KojiProfile> = {}): KojiProfile {
    const { name = 'fake', ...others } = settings;
    const read = parseKojiProfile(name, {
      server: `${this.url}/kojihub`,
      topUrl: `${this.url}/kojifiles`,
      firstPauseMs: 1,
      attempts: 3,
      ...others,
    });
    if ('problems' in read) throw new Error(JSON.stringify(read.problems));
    return read.profile;
  }

  /** Each breakage applies to one of the next requests. */
  breakNext(...breakages: readonly Breakage[]): void {
    for (const breakage of breakages) this.breakages.push({ breakage, method: null });
  }

  /** Applies to the next request that calls `method`, also in a multiCall. */
  breakMethod(method: string, breakage: Breakage): void {
    this.breakages.push({ breakage, method });
  }

  hold(): Hold {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    let waiting = 0;
    let waiters: { readonly count: number; resolve(): void }[] = [];
    const arrived = (): void => {
      waiting++;
      for (const waiter of waiters) if (waiter.count <= waiting) waiter.resolve();
    };
    this.#hold = { gate, arrived };
    return {
      waiting: (count) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        if (waiting >= count) resolve();
        waiters = [...waiters, { count, resolve }];
        return promise;
      },
      release: () => {
        this.#hold = null;
        open();
      },
    };
  }

  /** Methods that were called, including those in multiCalls. */
  methods(): string[] {
    return this.requests.flatMap((asked) => [asked.method, ...inner(asked).map((call) => call.method)]);
  }

  async #serve(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce);
    reply.on('close', () => this.#atOnce--);
    const path = new URL(request.url ?? '/', this.url).pathname;
    if (request.method === 'HEAD' && path.startsWith('/kojifiles/')) {
      reply.writeHead(this.signedCopies.has(decodeURIComponent(path.slice('/kojifiles/'.length))) ? 200 : 404).end();
      return;
    }
    const message = readChunks(await request.toArray());
    if (path !== '/kojihub' || message.kind !== 'call') {
      reply.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not Found</h1>');
      return;
    }
    const asked = { method: message.method, params: message.params };
    this.requests.push(asked);
    this.#hold?.arrived();
    await this.#hold?.gate;
    this.beforeAnswer?.(asked);
    this.#reply(reply, this.#takeBreakage(asked), this.#answer(asked));
  }

  #takeBreakage(asked: HubRequest): Breakage | null {
    const methods = [asked.method, ...inner(asked).map((call) => call.method)];
    const index = this.breakages.findIndex(({ method }) => method === null || methods.includes(method));
    return index < 0 ? null : (this.breakages.splice(index, 1)[0]?.breakage ?? null);
  }

  #answer(asked: HubRequest): string {
    try {
      return response(asked.method === 'multiCall' ? inner(asked).map((call) => this.#one(call)) : this.#call(asked));
    } catch (error) {
      if (!(error instanceof HubFault)) return faultResponse(1, String(error));
      return faultResponse(error.fault.faultCode, error.fault.faultString);
    }
  }

  #one(asked: HubRequest): XmlRpcValue {
    try {
      return [this.#call(asked)];
    } catch (error) {
      if (!(error instanceof HubFault)) throw error;
      return { ...error.fault, traceback: ['Traceback (most recent call last):\n'] };
    }
  }

  #call({ method, params }: HubRequest): XmlRpcValue {
    if (this.unknownMethods.has(method)) throw new HubFault(1000, `Invalid method: ${method}`);
    return callMethod(this, method, params);
  }

  #reply(reply: ServerResponse, breakage: Breakage | null, answer: string): void {
    const send = (body: string | Buffer, contentType = 'text/xml; charset=utf-8'): void => {
      reply
        .writeHead(200, {
          'content-type': contentType,
          'content-length': Buffer.byteLength(body),
          'koji-version': '1.36.1',
        })
        .end(body);
    };
    switch (breakage?.kind) {
      case undefined:
        send(answer);
        return;
      case 'status':
        reply.writeHead(breakage.status, { 'content-type': 'text/html' }).end(breakage.body ?? '<h1>Trouble</h1>');
        return;
      case 'cut':
      case 'stall':
        reply.writeHead(200, { 'content-type': 'text/xml', 'content-length': Buffer.byteLength(answer) });
        reply.write(answer.slice(0, answer.length / 2), () => {
          if (breakage.kind === 'cut') reply.destroy();
        });
        return;
      case 'reset':
        reply.destroy();
        return;
      case 'silence':
        return;
      case 'body':
        send(breakage.body, breakage.contentType);
        return;
      case 'value':
        send(response(breakage.value));
        return;
      case 'fault':
        send(faultResponse(breakage.code, breakage.text));
    }
  }
}

export async function startFakeKoji(): Promise<FakeKoji> {
  const hub = new FakeKoji();
  await hub.start();
  return hub;
}

function inner({ method, params }: HubRequest): HubRequest[] {
  const [calls] = params;
  if (method !== 'multiCall' || !Array.isArray(calls)) return [];
  return (calls as readonly XmlRpcValue[]).filter(isStruct).map((call) => ({
    method: call['methodName'] as string,
    params: (call['params'] ?? []) as readonly XmlRpcValue[],
  }));
}
