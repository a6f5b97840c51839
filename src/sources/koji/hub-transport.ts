// One POST to the hub and its whole answer: connections are kept and bounded in number, sizes and times are bounded, and what
// the transport broke (refused, cut, slow, 5xx, not XML-RPC) is tried again with backoff and jitter. Every call we make only
// reads, so that asking twice does no harm. What the hub answers, faults included, is an answer and is never asked for again.

import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request, type Dispatcher } from 'undici';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import type { KojiProfile } from './koji-profile.ts';
import { MalformedMessage, XmlRpcReader } from './xml-rpc-reader.ts';
import type { XmlRpcFault, XmlRpcValue } from './xml-rpc-value.ts';

export type HubAnswer = { readonly value: XmlRpcValue } | { readonly fault: XmlRpcFault } | { readonly failure: ComposeFailure };

/** What went wrong on the way, in words that follow “the hub …”. */
interface Trouble {
  readonly what: string;
  readonly mayHeal: boolean;
}

const HEALING_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504]);
const CONTENT_TYPES = new Set(['text/xml', 'application/xml']);
const HOPELESS = new Set(['ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE']);

export class HubTransport {
  readonly #profile: KojiProfile;
  readonly #agent: Agent;

  constructor(profile: KojiProfile) {
    this.#profile = profile;
    this.#agent = new Agent({
      connections: profile.concurrency,
      pipelining: 1,
      headersTimeout: profile.timeoutMs,
      bodyTimeout: profile.timeoutMs,
      connect: { timeout: profile.connectTimeoutMs },
    });
  }

  /** Rejects after an abort. */
  async post(body: string, signal: AbortSignal): Promise<HubAnswer> {
    const { attempts, firstPauseMs } = this.#profile;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#postOnce(body, signal);
      if (!('trouble' in answer)) return answer;
      if (!answer.trouble.mayHeal || attempt >= attempts) return this.#unavailable(answer.trouble, attempt);
      await delay(firstPauseMs * 2 ** (attempt - 1) * (0.5 + Math.random()), undefined, { signal });
    }
  }

  /** Whether there is a file at `url`; it is looked at, not fetched. */
  async exists(url: string, signal: AbortSignal): Promise<{ readonly exists: boolean } | { readonly failure: ComposeFailure }> {
    const { attempts, firstPauseMs } = this.#profile;
    for (let attempt = 1; ; attempt++) {
      const status = await this.#head(url, signal);
      if (status === 200) return { exists: true };
      if (status === 404 || status === 410) return { exists: false };
      const what = typeof status === 'number' ? `answered HTTP ${status}` : `did not answer (${status})`;
      const mayHeal = typeof status !== 'number' || HEALING_STATUSES.has(status);
      if (!mayHeal || attempt >= attempts) return { failure: failure('UPSTREAM_UNAVAILABLE', `Koji's files at ${url}: the server ${what}; the same request may work later`) };
      await delay(firstPauseMs * 2 ** (attempt - 1) * (0.5 + Math.random()), undefined, { signal });
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #postOnce(body: string, signal: AbortSignal): Promise<Exclude<HubAnswer, { failure: ComposeFailure }> | { readonly trouble: Trouble }> {
    try {
      const response = await request(this.#profile.server, {
        method: 'POST',
        dispatcher: this.#agent,
        headers: { 'content-type': 'text/xml', 'user-agent': 'odcs' },
        body,
        signal,
      });
      const trouble = refuse(response);
      if (trouble) {
        await response.body.dump();
        return { trouble };
      }
      return await this.#read(response.body, signal);
    } catch (error) {
      signal.throwIfAborted();
      const code = errorCode(error);
      return { trouble: { what: HOPELESS.has(code) ? `cannot be trusted (${code})` : `did not answer, or not to the end (${code})`, mayHeal: !HOPELESS.has(code) } };
    }
  }

  async #read(body: Dispatcher.ResponseData['body'], signal: AbortSignal): Promise<{ readonly value: XmlRpcValue } | { readonly fault: XmlRpcFault } | { readonly trouble: Trouble }> {
    const reader = new XmlRpcReader();
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const { maxResponseBytes } = this.#profile;
    let bytes = 0;
    try {
      // Piece by piece, so that a large tag's answer never holds up the event loop.
      for await (const chunk of body as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > maxResponseBytes) return { trouble: { what: `answered more than ${maxResponseBytes} bytes`, mayHeal: false } };
        reader.write(decoder.decode(chunk, { stream: true }));
        signal.throwIfAborted();
      }
      reader.write(decoder.decode());
      const message = reader.end();
      if (message.kind === 'call') return { trouble: { what: 'answered with a call, not with an answer', mayHeal: true } };
      return message.kind === 'fault' ? { fault: message.fault } : { value: message.value };
    } catch (error) {
      if (error instanceof MalformedMessage) return { trouble: { what: `sent an answer that ${error.message}`, mayHeal: true } };
      if (error instanceof TypeError && errorCode(error) === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { trouble: { what: 'sent an answer that is not UTF-8', mayHeal: true } };
      throw error;
    }
  }

  async #head(url: string, signal: AbortSignal): Promise<number | string> {
    try {
      const response = await request(url, { method: 'HEAD', dispatcher: this.#agent, headers: { 'user-agent': 'odcs' }, signal });
      await response.body.dump();
      return response.statusCode;
    } catch (error) {
      signal.throwIfAborted();
      return errorCode(error);
    }
  }

  #unavailable({ what }: Trouble, attempts: number): { readonly failure: ComposeFailure } {
    const tried = attempts > 1 ? ` It was asked ${attempts} times.` : '';
    return { failure: failure('UPSTREAM_UNAVAILABLE', `Koji (${this.#profile.name}): the hub at ${this.#profile.server} ${what}.${tried}`) };
  }
}

function refuse({ statusCode, headers }: Dispatcher.ResponseData): Trouble | null {
  if (statusCode !== 200) return { what: `answered HTTP ${statusCode}`, mayHeal: HEALING_STATUSES.has(statusCode) };
  const type = String(headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  // A proxy's error page, or no hub at all.
  return CONTENT_TYPES.has(type) ? null : { what: `answered ${type === '' ? 'without a content type' : type}, not XML-RPC`, mayHeal: true };
}

function errorCode(error: unknown): string {
  if (error instanceof AggregateError && error.errors[0]) return errorCode(error.errors[0]);
  const { code, cause, name } = error as { code?: string; cause?: unknown; name?: string };
  return code ?? (cause instanceof Error ? errorCode(cause) : (name ?? 'unknown error'));
}
