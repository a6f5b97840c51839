// HTTP to other services: bounded connections and times, retries, checked redirects and addresses, and a failure that
// names the upstream for whatever goes wrong. JSON, XML-RPC and files are read on top of it.

import { Agent, request as send, type Dispatcher } from 'undici';
import { UpstreamInterrupted } from '../../app/ports.ts';
import type { RetryPolicy } from '../../concurrency/retry-policies.ts';
import { retry } from '../../concurrency/retry.ts';
import { guardedLookup, refuseUrl, type HostLookup, type UrlBounds } from './address-guard.ts';
import {
  failureOf,
  requestProblem,
  shownUrl,
  transportProblem,
  type HttpFailure,
  type Problem,
  type Timeouts,
} from './problem.ts';

export interface HttpClientOptions {
  /** Of the service that the configuration names, for messages. Without a name each URL speaks for itself. */
  readonly name?: string;
  /** For URLs that requests name: they are checked, and their redirects followed. */
  readonly guard?: { readonly bounds: UrlBounds; readonly lookup?: HostLookup | undefined };
  readonly timeouts: Timeouts;
  /** To one host. */
  readonly connections: number;
  readonly retry: RetryPolicy;
  /** PEM: our certificate and key, and the authority that the service is verified by. */
  readonly tls?: { readonly cert?: string; readonly key?: string; readonly ca?: string };
}

export interface HttpRequest {
  readonly url: URL;
  readonly method?: 'GET' | 'HEAD' | 'POST';
  /** Called for each try. */
  readonly headers?: () => Record<string, string>;
  readonly body?: string;
  /** In place of the client's. */
  readonly retry?: RetryPolicy;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Throws `TransportError`, which ends the try. */
  readonly body: AsyncIterable<Buffer>;
}

export type Attempt<T> = { readonly value: T } | { readonly problem: Problem };

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

class TransportError extends Error {}

export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #agent: Agent;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    const { timeouts, connections, guard, tls } = options;
    const lookup = guard && guardedLookup(guard.bounds, guard.lookup);
    this.#agent = new Agent({
      connections,
      pipelining: 1,
      headersTimeout: timeouts.idleMs,
      bodyTimeout: timeouts.idleMs,
      connect: { timeout: timeouts.connectMs, ...(lookup && { lookup }), ...tls },
    });
  }

  /**
   * Sends the request until `read` makes a value of an answer, or the problem is not transient, or the tries are used
   * up. Rejects with `UpstreamInterrupted` after an abort.
   */
  async request<T>(
    wanted: HttpRequest,
    read: (answer: HttpAnswer) => Promise<Attempt<T>> | Attempt<T>,
  ): Promise<{ readonly value: T } | HttpFailure> {
    const { signal } = wanted;
    try {
      const { outcome, attempts } = await retry(
        wanted.retry ?? this.#options.retry,
        signal,
        () => this.#try(wanted, read),
        (tried) => 'problem' in tried && tried.problem.isTransient,
      );
      return 'value' in outcome ? outcome : this.failure(wanted.url, outcome.problem, attempts);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new UpstreamInterrupted(this.#subject(wanted.url), signal.reason);
    }
  }

  failure(url: URL, problem: Problem, tries = 1): HttpFailure {
    return failureOf(this.#subject(url), problem, tries);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #subject(url: URL): string {
    const { name } = this.#options;
    return name === undefined ? shownUrl(url) : `${name} at ${shownUrl(url)}`;
  }

  async #try<T>(
    wanted: HttpRequest,
    read: (answer: HttpAnswer) => Promise<Attempt<T>> | Attempt<T>,
  ): Promise<Attempt<T>> {
    const { timeouts, guard } = this.#options;
    const { totalMs } = timeouts;
    const deadline = totalMs === undefined ? [] : [AbortSignal.timeout(totalMs)];
    const signal = AbortSignal.any([wanted.signal, ...deadline]);
    try {
      const sent = await (guard ? this.#follow(wanted, guard.bounds, signal) : this.#send(wanted, wanted.url, signal));
      if ('problem' in sent) return sent;
      const { statusCode: status, headers, body } = sent.response;
      try {
        return await read({ status, headers, body: chunksOf(body) });
      } finally {
        // Reads a short rest, so that the connection can be used again.
        if (!body.bodyUsed) void body.dump().catch(() => {});
      }
    } catch (error) {
      wanted.signal.throwIfAborted();
      if (!(error instanceof TransportError)) throw error;
      return { problem: transportProblem(error.cause, timeouts, guard ? 'request' : 'operators') };
    }
  }

  async #follow(
    wanted: HttpRequest,
    bounds: UrlBounds,
    signal: AbortSignal,
  ): Promise<{ readonly response: Dispatcher.ResponseData } | { readonly problem: Problem }> {
    let { url } = wanted;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const refusal = refuseUrl(url, bounds);
      if (refusal !== null) {
        const what = hops === 0 ? 'may not be requested' : `redirects to ${shownUrl(url)}, which may not be requested`;
        return { problem: requestProblem(`${what}: ${refusal}`, null, 'Name a URL that is allowed.') };
      }
      const sent = await this.#send(wanted, url, signal);
      const { statusCode, headers, body } = sent.response;
      const { location } = headers;
      const next = REDIRECTS.has(statusCode) && typeof location === 'string' ? URL.parse(location, url.href) : null;
      if (!next) return sent;
      body.on('error', () => {}).destroy();
      url = next;
    }
    return { problem: requestProblem(`redirects more than ${MAX_REDIRECTS} times`) };
  }

  async #send(
    { method = 'GET', headers, body }: HttpRequest,
    url: URL,
    signal: AbortSignal,
  ): Promise<{ readonly response: Dispatcher.ResponseData }> {
    try {
      const response = await send(url, {
        method,
        dispatcher: this.#agent,
        headers: { 'user-agent': 'odcs', ...headers?.() },
        ...(body !== undefined && { body }),
        signal,
      });
      return { response };
    } catch (cause) {
      throw new TransportError('the request failed', { cause });
    }
  }
}

/** Null if the body is longer than `maxBytes`. */
export async function readBody(answer: HttpAnswer, maxBytes: number): Promise<readonly Buffer[] | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop early destroys the body, and the connection with it.
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    if (bytes > maxBytes) return null;
    chunks.push(chunk);
  }
  return chunks;
}

async function* chunksOf(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (cause) {
    throw new TransportError('the answer broke off', { cause });
  }
}
