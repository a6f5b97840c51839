// JSON of a service that the configuration names (MBS, Pulp): one pool of connections, bounded answers, every answer
// checked against a schema. Tried again after transport errors only: what a service answered, it would answer again.

import { Agent, request } from 'undici';
import type { z } from 'zod';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { RETRY_POLICIES, type RetryPolicy } from '../../concurrency/retry-policies.ts';
import { retry } from '../../concurrency/retry.ts';
import { transportCode } from './transport-error.ts';
import { parseJson } from './parse-json.ts';

export interface ServiceOptions {
  /** As messages call it, e.g. `MBS`. */
  readonly name: string;
  /** Without a slash at its end. */
  readonly url: string;
  readonly basicAuth?: { readonly username: string; readonly password: string };
  /** PEM: what we show of ourselves, and who vouches for the service where it is nobody that is known anyway. */
  readonly tls?: { readonly cert?: string; readonly key?: string; readonly ca?: string };
  readonly timeouts?: Partial<ServiceTimeouts>;
  readonly retry?: RetryPolicy;
  readonly connections?: number;
}

export interface ServiceTimeouts {
  readonly connectMs: number;
  /** Between two pieces of an answer, its head included. */
  readonly idleMs: number;
  /** For one answer, all of it: a service that drips is down. */
  readonly totalMs: number;
}

export interface ServiceRequest<T> {
  readonly method?: 'GET' | 'POST';
  /** Below the service's URL; begins with a slash, its variable parts encoded. */
  readonly path: string;
  readonly query?: readonly (readonly [name: string, value: string])[];
  readonly json?: unknown;
  readonly bearerToken?: string | null;
  readonly schema: z.ZodType<T>;
  readonly signal: AbortSignal;
}

/** `status` is there where the service did answer, and `text` is what it answered then. */
export type ServiceAnswer<T> =
  { readonly value: T } | { readonly failure: ComposeFailure; readonly status: number | null; readonly text: string };

const TIMEOUTS: ServiceTimeouts = { connectMs: 10_000, idleMs: 60_000, totalMs: 300_000 };
const MAX_ANSWER_BYTES = 32 * 1024 ** 2;
const MAX_ERROR_TEXT = 1_000;

interface RawAnswer {
  readonly status: number;
  /** Null where it was longer than allowed. */
  readonly body: Buffer | null;
}

export class ServiceClient {
  readonly name: string;
  readonly url: string;
  readonly #options: ServiceOptions;
  readonly #timeouts: ServiceTimeouts;
  readonly #agent: Agent;

  constructor(options: ServiceOptions) {
    this.name = options.name;
    this.url = options.url.replace(/\/+$/, '');
    this.#options = options;
    this.#timeouts = { ...TIMEOUTS, ...options.timeouts };
    const { idleMs, connectMs } = this.#timeouts;
    this.#agent = new Agent({
      connections: options.connections ?? 8,
      headersTimeout: idleMs,
      bodyTimeout: idleMs,
      connect: { timeout: connectMs, ...options.tls },
    });
  }

  /** Rejects after an abort. */
  async ask<T>(wanted: ServiceRequest<T>): Promise<ServiceAnswer<T>> {
    const { outcome: raw } = await retry(
      this.#options.retry ?? RETRY_POLICIES['json-service'],
      wanted.signal,
      () => this.#sent(wanted),
      (answer) => 'broken' in answer,
    );
    if ('broken' in raw) return this.#unavailable(`did not answer, or not to the end (${raw.broken})`, null);
    return await this.#judge(wanted, raw);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #sent(wanted: ServiceRequest<unknown>): Promise<RawAnswer | { readonly broken: string }> {
    try {
      return await this.#send(wanted);
    } catch (error) {
      wanted.signal.throwIfAborted();
      return { broken: transportCode(error) };
    }
  }

  async #send({ method, path, query, json, bearerToken, signal }: ServiceRequest<unknown>): Promise<RawAnswer> {
    const url = new URL(`${this.url}${path}`);
    for (const [name, value] of query ?? []) url.searchParams.append(name, value);
    const { basicAuth } = this.#options;
    const response = await request(url, {
      dispatcher: this.#agent,
      method: method ?? 'GET',
      headers: {
        'user-agent': 'odcs',
        accept: 'application/json',
        ...(basicAuth && {
          authorization: `Basic ${Buffer.from(`${basicAuth.username}:${basicAuth.password}`).toString('base64')}`,
        }),
        ...(bearerToken && { authorization: `Bearer ${bearerToken}` }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(this.#timeouts.totalMs)]),
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    // Leaving the loop early destroys the body, and the connection with it.
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) return { status: response.statusCode, body: null };
      chunks.push(chunk);
    }
    return { status: response.statusCode, body: Buffer.concat(chunks) };
  }

  async #judge<T>({ schema, signal }: ServiceRequest<T>, { status, body }: RawAnswer): Promise<ServiceAnswer<T>> {
    const text = body?.subarray(0, MAX_ERROR_TEXT).toString('utf8') ?? '';
    if (status >= 300 && status < 400)
      return this.#unavailable(
        `redirects (HTTP ${status}); the configuration must name the URL that it redirects to`,
        status,
        text,
      );
    if (status === 401 || status === 403)
      return this.#unavailable(
        `refuses the service (HTTP ${status}); its credentials in the configuration may be wrong`,
        status,
        text,
      );
    if (status < 200 || status >= 400)
      return this.#unavailable(`answered HTTP ${status}; the same request may work later`, status, text);
    if (!body) return this.#unavailable(`answered with more than ${MAX_ANSWER_BYTES} bytes`, status);
    const json = await parseJson(body, signal);
    if (json === undefined) return this.#unavailable('answered with what is not JSON', status, text);
    const parsed = schema.safeParse(json);
    if (parsed.success) return { value: parsed.data };
    const [issue] = parsed.error.issues;
    return this.#unavailable(
      `answered with JSON of another shape than expected (${issue?.path.join('.') || 'all of it'}: ${issue?.message})`,
      status,
    );
  }

  #unavailable<T>(message: string, status: number | null, text = ''): ServiceAnswer<T> {
    return {
      failure: failure('UPSTREAM_UNAVAILABLE', `${this.name} at ${this.url} ${message}`, text === '' ? null : text),
      status,
      text,
    };
  }
}
