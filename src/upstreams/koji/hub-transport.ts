// One POST to the hub and its whole answer. Every call here only reads, so a request may be sent again. What the hub
// answers, faults included, is returned and never asked for again.

import { RETRY_POLICIES } from '../../concurrency/retry-policies.ts';
import { HttpClient, readBody, type Attempt, type HttpAnswer } from '../http/http-client.ts';
import { isAbsent, serviceProblem, statusProblem, transientProblem } from '../http/problem.ts';
import { MalformedMessage } from '../xml-rpc/reader.ts';
import type { XmlRpcFault, XmlRpcValue } from '../xml-rpc/value.ts';
import type { Answer, Failed } from '../answer.ts';
import type { KojiProfile } from './koji-profile.ts';
import { readAnswer } from './read-answer.ts';

export type HubReply = { readonly value: XmlRpcValue } | { readonly fault: XmlRpcFault };

const CONTENT_TYPES = new Set(['text/xml', 'application/xml']);

export class HubTransport {
  readonly #profile: KojiProfile;
  readonly #http: HttpClient;

  constructor(profile: KojiProfile) {
    this.#profile = profile;
    const { attempts, firstPauseMs } = profile;
    this.#http = new HttpClient({
      name: `Koji (${profile.name})`,
      timeouts: { connectMs: profile.connectTimeoutMs, idleMs: profile.timeoutMs },
      connections: profile.concurrency,
      retry: { ...RETRY_POLICIES['koji-hub'], attempts, firstPauseMs },
    });
  }

  /** Rejects after an abort. */
  async post(body: string, signal: AbortSignal): Promise<HubReply | Failed> {
    const outcome = await this.#http.request<HubReply>(
      {
        url: new URL(this.#profile.server),
        method: 'POST',
        headers: () => ({ 'content-type': 'text/xml' }),
        body,
        signal,
      },
      (answer) => this.#read(answer, signal),
    );
    return 'value' in outcome ? outcome.value : outcome;
  }

  /** Whether a file exists at `url`, by a HEAD request. */
  async exists(url: string, signal: AbortSignal): Promise<Answer<boolean>> {
    return this.#http.request<boolean>({ url: new URL(url), method: 'HEAD', signal }, ({ status }) =>
      status === 200 || isAbsent(status) ? { value: status === 200 } : { problem: statusProblem(status, 'operators') },
    );
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  async #read(answer: HttpAnswer, signal: AbortSignal): Promise<Attempt<HubReply>> {
    if (answer.status !== 200) return { problem: statusProblem(answer.status, 'operators') };
    const type = contentTypeOf(answer);
    // Anything else is a proxy's error page.
    if (!CONTENT_TYPES.has(type))
      return { problem: transientProblem(`answered ${type || 'without a content type'}, not XML-RPC`) };
    const { maxResponseBytes } = this.#profile;
    const chunks = await readBody(answer, maxResponseBytes);
    if (!chunks) return { problem: serviceProblem(`answered more than ${maxResponseBytes} bytes`) };
    try {
      const message = await readAnswer(chunks, signal);
      if (message.kind === 'call') return { problem: transientProblem('answered an XML-RPC call, not a response') };
      return { value: message.kind === 'fault' ? { fault: message.fault } : { value: message.value } };
    } catch (error) {
      if (error instanceof MalformedMessage)
        return { problem: transientProblem(`sent an XML-RPC message that ${error.message}`) };
      throw error;
    }
  }
}

function contentTypeOf({ headers }: HttpAnswer): string {
  const [type = ''] = String(headers['content-type'] ?? '').split(';');
  return type.trim().toLowerCase();
}
