// JSON of a service that the configuration names: bounded answers, each checked against a schema. Transport errors are
// retried here; what the service itself answered, it would answer again.

import type { z } from 'zod';
import { RETRY_POLICIES, type RetryPolicy } from '../../concurrency/retry-policies.ts';
import { HttpClient, readBody, type HttpClientOptions, type HttpRequest } from './http-client.ts';
import { parseJson } from './parse-json.ts';
import { serviceProblem, statusProblem, type HttpFailure, type Problem, type Timeouts } from './problem.ts';

export interface JsonClientOptions extends Pick<HttpClientOptions, 'tls'> {
  /** For messages, e.g. `MBS`. */
  readonly name: string;
  /** The base of all paths. A user name and password in it are sent as basic authentication. */
  readonly url: string;
  readonly basicAuth?: { readonly username: string; readonly password: string };
  readonly timeouts?: Partial<Timeouts>;
  readonly retry?: RetryPolicy;
  /** Default: 8. */
  readonly connections?: number;
}

interface JsonRequest<T> {
  readonly method?: 'GET' | 'POST';
  /** Below the service's URL; begins with a slash, its variable parts encoded. */
  readonly path: string;
  readonly query?: readonly (readonly [name: string, value: string])[];
  readonly json?: unknown;
  readonly bearerToken?: string | null;
  readonly schema: z.ZodType<T>;
  readonly signal: AbortSignal;
}

/** The failure's details are the beginning of what the service answered. */
export type JsonAnswer<T> = { readonly value: T } | HttpFailure;

interface RawAnswer {
  readonly status: number;
  /** Null if it is longer than allowed. */
  readonly body: Buffer | null;
}

const TIMEOUTS: Timeouts = { connectMs: 10_000, idleMs: 60_000, totalMs: 300_000 };
const MAX_ANSWER_BYTES = 32 * 1024 ** 2;
const MAX_ERROR_TEXT = 1_000;

export class JsonClient {
  /** Without credentials, and without a slash at its end. */
  readonly url: string;
  readonly #http: HttpClient;
  readonly #authorization: string | null;

  constructor({ name, url, basicAuth, timeouts, retry, connections, tls }: JsonClientOptions) {
    const base = new URL(url);
    const { username, password } = base;
    const given = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
    const credentials = basicAuth ?? (username === '' && password === '' ? null : given);
    base.username = '';
    base.password = '';
    this.url = base.href.replace(/\/+$/, '');
    this.#authorization =
      credentials && `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
    this.#http = new HttpClient({
      name,
      timeouts: { ...TIMEOUTS, ...timeouts },
      retry: retry ?? RETRY_POLICIES['json-service'],
      connections: connections ?? 8,
      ...(tls && { tls }),
    });
  }

  /** Rejects with `UpstreamInterrupted` after an abort. */
  async request<T>(wanted: JsonRequest<T>): Promise<JsonAnswer<T>> {
    const request = this.#requestOf(wanted);
    const raw = await this.#http.request<RawAnswer>(request, async (answer) => {
      const chunks = await readBody(answer, MAX_ANSWER_BYTES);
      return { value: { status: answer.status, body: chunks && Buffer.concat(chunks) } };
    });
    if ('failure' in raw) return raw;
    const judged = await judge(wanted, raw.value);
    return 'value' in judged ? judged : this.#http.failure(request.url, judged.problem);
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  #requestOf({ method, path, query, json, bearerToken, signal }: JsonRequest<unknown>): HttpRequest {
    const url = new URL(`${this.url}${path}`);
    for (const [name, value] of query ?? []) url.searchParams.append(name, value);
    const authorization = bearerToken ? `Bearer ${bearerToken}` : this.#authorization;
    return {
      url,
      method: method ?? 'GET',
      headers: () => ({
        accept: 'application/json',
        ...(authorization !== null && { authorization }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
      }),
      ...(json !== undefined && { body: JSON.stringify(json) }),
      signal,
    };
  }
}

async function judge<T>(
  { schema, signal }: JsonRequest<T>,
  { status, body }: RawAnswer,
): Promise<{ readonly value: T } | { readonly problem: Problem }> {
  const text = body?.subarray(0, MAX_ERROR_TEXT).toString('utf8') ?? '';
  if (status < 200 || status >= 300) return { problem: statusProblem(status, 'operators', text) };
  if (!body) return { problem: serviceProblem(`answered more than ${MAX_ANSWER_BYTES} bytes`, status) };
  const json = await parseJson(body, signal);
  if (json === undefined) return { problem: serviceProblem('answered what is not JSON', status, text) };
  const parsed = schema.safeParse(json);
  if (parsed.success) return { value: parsed.data };
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') || 'the whole answer';
  return { problem: serviceProblem(`answered JSON of an unknown shape (${where}: ${issue?.message})`, status) };
}
