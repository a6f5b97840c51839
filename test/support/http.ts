// An HTTP service on a free port, and a client for it.

import { createClient, type Client, type SubscribePayload } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Api } from '../../src/app/api.ts';
import { authenticationBy } from '../../src/auth/registry.ts';
import type { HttpOptions } from '../../src/http/options.ts';
import { httpService, type HttpService } from '../../src/http/service.ts';
import { silentLogger } from './logger.ts';

export interface GraphqlAnswer {
  readonly status: number;
  readonly data: Record<string, unknown> | null | undefined;
  readonly errors: readonly GraphqlProblem[] | undefined;
}

export interface GraphqlProblem {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: {
    readonly code: string;
    readonly retryable: boolean;
    readonly fields?: readonly { readonly path: string; readonly message: string }[];
    readonly [other: string]: unknown;
  };
}

export interface TestServer {
  readonly service: HttpService;
  readonly url: string;
  query(query: string, variables?: Record<string, unknown>): Promise<GraphqlAnswer>;
  client(options?: Partial<Parameters<typeof createClient>[0]>): Client;
  stop(): Promise<void>;
}

/** The value of a root field of an answer without errors. */
export function rootField<T>({ data, errors }: GraphqlAnswer, name: string): T {
  if (!data || errors) throw new Error(`The answer has errors: ${JSON.stringify(errors)}`);
  return data[name] as T;
}

/** For tests that call no use case. */
export const unusedApi = new Proxy({} as Api, {
  get: (_target, name) => {
    throw new Error(`This test must not use api.${String(name)}`);
  },
});

export function testOptions(api: Api): HttpOptions {
  return {
    host: '127.0.0.1',
    port: 0,
    api,
    auth: authenticationBy({ methods: ['noauth'] }, { arches: ['x86_64'], targetDirs: ['default'], rawConfigs: [] }),
    logger: silentLogger,
    targetDirs: {},
    readiness: async () => ({ database: true }),
  };
}

export async function startTestServer(api: Api, overrides: Partial<HttpOptions> = {}): Promise<TestServer> {
  const service = httpService({ ...testOptions(api), ...overrides });
  await service.start();
  const { url } = service;
  const clients: Client[] = [];
  return {
    service,
    url,
    async query(query, variables) {
      const answer = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      const { data, errors } = (await answer.json()) as Omit<GraphqlAnswer, 'status'>;
      return { status: answer.status, data, errors };
    },
    client(options = {}) {
      const client = createClient({
        url: `${url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        ...options,
      });
      clients.push(client);
      return client;
    },
    async stop() {
      for (const client of clients) await client.dispose();
      await service.stop();
    },
  };
}

/** Collects the results of a subscription. Tests wait for them. */
export class Results {
  readonly received: Record<string, unknown>[] = [];
  readonly problems: GraphqlProblem[] = [];
  readonly completed: Promise<void>;
  readonly leave: () => void;
  #wake: () => void = () => {};

  constructor(client: Client, payload: SubscribePayload) {
    let complete = () => {};
    this.completed = new Promise((resolve) => (complete = resolve));
    this.leave = client.subscribe(payload, {
      next: ({ data, errors }) => {
        if (errors) this.problems.push(...(errors as unknown as GraphqlProblem[]));
        else this.received.push(data as Record<string, unknown>);
        this.#wake();
      },
      error: (error) => {
        if (Array.isArray(error)) this.problems.push(...(error as unknown as GraphqlProblem[]));
        else this.problems.push({ message: String(error), extensions: { code: 'CLOSED', retryable: true } });
        this.#wake();
        complete();
      },
      complete,
    });
  }

  async until(isEnough: (results: this) => boolean): Promise<void> {
    while (!isEnough(this)) await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  count(count: number): Promise<void> {
    return this.until(({ received }) => received.length >= count);
  }

  /** The values of the root field. */
  values<T = Record<string, unknown>>(field: string): T[] {
    return this.received.map((data) => data[field] as T);
  }
}

/** Polls for a condition that nothing signals. The error names it. */
export async function eventually(condition: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > 500) throw new Error(`Never true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
