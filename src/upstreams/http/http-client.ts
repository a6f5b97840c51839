// GET within bounds: every redirect is checked like the first URL, every connection's address when it is made. What may
// heal (cut off, refused, slow, 5xx) is UPSTREAM_UNAVAILABLE, and worth another try; the rest is INVALID_SOURCE.

import type { Readable } from 'node:stream';
import { Agent, request } from 'undici';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { isUntrusted, transportCode } from './transport-error.ts';
import {
  FORBIDDEN_ADDRESS,
  guardedLookup,
  invalid,
  refuseUrl,
  type HostLookup,
  type RepoBounds,
} from './address-guard.ts';

export interface HttpTimeouts {
  readonly connectMs: number;
  /** Between two pieces of an answer, its head included. */
  readonly idleMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

const MAX_REDIRECTS = 5;

export class HttpClient {
  readonly #bounds: RepoBounds;
  readonly #agent: Agent;

  constructor(bounds: RepoBounds, timeouts: HttpTimeouts, connectionsPerHost: number, hostLookup?: HostLookup) {
    this.#bounds = bounds;
    const lookup = guardedLookup(bounds, hostLookup);
    this.#agent = new Agent({
      connections: connectionsPerHost,
      headersTimeout: timeouts.idleMs,
      bodyTimeout: timeouts.idleMs,
      connect: { timeout: timeouts.connectMs, ...(lookup && { lookup }) },
    });
  }

  /** The answer 200 or 206; its body must be read or destroyed. Rejects after an abort. */
  async get(
    asked: URL,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<{ readonly answer: HttpAnswer } | { readonly failure: ComposeFailure }> {
    let url = asked;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const refusal = refuseUrl(url, this.#bounds);
      if (refusal)
        return invalid(
          hops === 0
            ? `${asked.href} may not be asked: ${refusal}`
            : `${asked.href} redirects to ${withoutSecrets(url)}, which may not be asked: ${refusal}`,
        );
      let answer: HttpAnswer;
      try {
        const response = await request(url, {
          dispatcher: this.#agent,
          headers: { 'user-agent': 'odcs', 'accept-encoding': 'identity', ...headers },
          signal,
        });
        answer = { status: response.statusCode, headers: response.headers, body: response.body };
      } catch (error) {
        signal.throwIfAborted();
        return connectionFailure(asked, error);
      }
      if (answer.status === 200 || answer.status === 206) return { answer };
      discard(answer.body);
      const next = redirection(answer, url);
      if (!next) return statusFailure(asked, answer.status);
      url = next;
    }
    return invalid(`${asked.href} redirects more than ${MAX_REDIRECTS} times`);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

function redirection(answer: HttpAnswer, from: URL): URL | null {
  const { location } = answer.headers;
  return [301, 302, 303, 307, 308].includes(answer.status) && typeof location === 'string'
    ? URL.parse(location, from.href)
    : null;
}

function discard(body: Readable): void {
  body.on('error', () => {});
  body.destroy();
}

function withoutSecrets(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

function statusFailure(url: URL, status: number): { readonly failure: ComposeFailure } {
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    return unavailable(`${url.href} answered HTTP ${status}; the same request may work later`);
  if (status === 404 || status === 410) return invalid(`There is nothing at ${url.href} (HTTP ${status})`);
  return invalid(`${url.href} answered HTTP ${status}`);
}

/** Of an error before or within the answer. */
export function connectionFailure(url: URL, error: unknown): { readonly failure: ComposeFailure } {
  const code = transportCode(error);
  if (code === FORBIDDEN_ADDRESS)
    return invalid(
      `${url.href} may not be asked: ${url.hostname} or a host it redirects to resolves to a loopback, link-local, private or otherwise reserved address`,
    );
  if (code === 'ENOTFOUND') return invalid(`${url.href} cannot be reached: there is no host of that name`);
  if (isUntrusted(code)) return invalid(`${url.href} cannot be trusted: ${code}`);
  return unavailable(`${url.href} did not answer, or not to the end (${code})`);
}

export function unavailable(message: string): { readonly failure: ComposeFailure } {
  return { failure: failure('UPSTREAM_UNAVAILABLE', message) };
}
