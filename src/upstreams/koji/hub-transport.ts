// One POST to the hub and its whole answer: connections are kept and bounded in number, sizes and times are bounded, and what
// the transport broke (refused, cut, slow, 5xx, not XML-RPC) is tried again with backoff and jitter. Every call we make only
// reads, so that asking twice does no harm. What the hub answers, faults included, is an answer and is never asked for again.

import { Agent, request, type Dispatcher } from 'undici';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { RETRY_POLICIES, type RetryPolicy } from '../../concurrency/retry-policies.ts';
import { retry } from '../../concurrency/retry.ts';
import { isPassingStatus, isUntrusted, transportCode } from '../http/transport-error.ts';
import type { KojiProfile } from './koji-profile.ts';
import { readAnswer } from './read-answer.ts';
import { MalformedMessage } from '../xml-rpc/reader.ts';
import type { XmlRpcFault, XmlRpcValue } from '../xml-rpc/value.ts';

export type HubAnswer =
  { readonly value: XmlRpcValue } | { readonly fault: XmlRpcFault } | { readonly failure: ComposeFailure };

/** What went wrong on the way, in words that follow “the hub …”. */
interface Trouble {
  readonly what: string;
  readonly mayHeal: boolean;
}

const CONTENT_TYPES = new Set(['text/xml', 'application/xml']);

export class HubTransport {
  readonly #profile: KojiProfile;
  readonly #agent: Agent;
  readonly #retry: RetryPolicy;

  constructor(profile: KojiProfile) {
    this.#profile = profile;
    const { attempts, firstPauseMs } = profile;
    this.#retry = { ...RETRY_POLICIES['koji-hub'], attempts, firstPauseMs };
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
    const { outcome, attempts } = await retry(
      this.#retry,
      signal,
      () => this.#postOnce(body, signal),
      (answer) => 'trouble' in answer && answer.trouble.mayHeal,
    );
    return 'trouble' in outcome ? this.#unavailable(outcome.trouble, attempts) : outcome;
  }

  /** Whether there is a file at `url`; it is looked at, not fetched. */
  async exists(
    url: string,
    signal: AbortSignal,
  ): Promise<{ readonly exists: boolean } | { readonly failure: ComposeFailure }> {
    const { outcome: status } = await retry(
      this.#retry,
      signal,
      () => this.#head(url, signal),
      (answer) => typeof answer !== 'number' || isPassingStatus(answer),
    );
    if (status === 200) return { exists: true };
    if (status === 404 || status === 410) return { exists: false };
    const what = typeof status === 'number' ? `answered HTTP ${status}` : `did not answer (${status})`;
    return {
      failure: failure(
        'UPSTREAM_UNAVAILABLE',
        `Koji's files at ${url}: the server ${what}; the same request may work later`,
      ),
    };
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #postOnce(
    body: string,
    signal: AbortSignal,
  ): Promise<Exclude<HubAnswer, { failure: ComposeFailure }> | { readonly trouble: Trouble }> {
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
      const code = transportCode(error);
      return {
        trouble: {
          what: isUntrusted(code) ? `cannot be trusted (${code})` : `did not answer, or not to the end (${code})`,
          mayHeal: !isUntrusted(code),
        },
      };
    }
  }

  async #read(
    body: Dispatcher.ResponseData['body'],
    signal: AbortSignal,
  ): Promise<{ readonly value: XmlRpcValue } | { readonly fault: XmlRpcFault } | { readonly trouble: Trouble }> {
    const { maxResponseBytes } = this.#profile;
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxResponseBytes)
        return { trouble: { what: `answered more than ${maxResponseBytes} bytes`, mayHeal: false } };
      chunks.push(chunk);
    }
    try {
      const message = await readAnswer(chunks, signal);
      if (message.kind === 'call')
        return { trouble: { what: 'answered with a call, not with an answer', mayHeal: true } };
      return message.kind === 'fault' ? { fault: message.fault } : { value: message.value };
    } catch (error) {
      if (error instanceof MalformedMessage)
        return { trouble: { what: `sent an answer that ${error.message}`, mayHeal: true } };
      throw error;
    }
  }

  async #head(url: string, signal: AbortSignal): Promise<number | string> {
    try {
      const response = await request(url, {
        method: 'HEAD',
        dispatcher: this.#agent,
        headers: { 'user-agent': 'odcs' },
        signal,
      });
      await response.body.dump();
      return response.statusCode;
    } catch (error) {
      signal.throwIfAborted();
      return transportCode(error);
    }
  }

  #unavailable({ what }: Trouble, attempts: number): { readonly failure: ComposeFailure } {
    const tried = attempts > 1 ? ` It was asked ${attempts} times.` : '';
    return {
      failure: failure(
        'UPSTREAM_UNAVAILABLE',
        `Koji (${this.#profile.name}): the hub at ${this.#profile.server} ${what}.${tried}`,
      ),
    };
  }
}

function refuse({ statusCode, headers }: Dispatcher.ResponseData): Trouble | null {
  if (statusCode !== 200) return { what: `answered HTTP ${statusCode}`, mayHeal: isPassingStatus(statusCode) };
  const type =
    String(headers['content-type'] ?? '')
      .split(';')[0]
      ?.trim()
      .toLowerCase() ?? '';
  // A proxy's error page, or no hub at all.
  return CONTENT_TYPES.has(type)
    ? null
    : { what: `answered ${type === '' ? 'without a content type' : type}, not XML-RPC`, mayHeal: true };
}
