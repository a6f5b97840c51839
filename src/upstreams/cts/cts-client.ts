// The Compose Tracking Service: gives a compose an id that none of the composes that it knows has. Asking it makes an entry,
// so it is first looked for one of this compose, by the URL that the compose will have: an answer that was lost, or an
// attempt that died with it, leaves no second one.

import { z } from 'zod';
import type { ComposeTracking } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { composeInfo } from '../../compose/productmd.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import type { PungiIdentity } from '../../compose/pungi-identity.ts';
import { RETRY_POLICIES, type RetryPolicy } from '../../concurrency/retry-policies.ts';
import { retry } from '../../concurrency/retry.ts';
import { ServiceClient, type ServiceAnswer, type ServiceOptions } from '../http/service-client.ts';
import { isPassingStatus } from '../http/transport-error.ts';

export interface CtsOptions extends Pick<ServiceOptions, 'url' | 'timeouts'> {
  /** Read anew for each question: tokens are renewed. */
  readonly token: (() => Promise<string>) | null;
  /** Where the compose will be. */
  readonly composeUrl: (compose: Compose) => string;
  readonly retry?: RetryPolicy;
}

type Wanted = Parameters<ComposeTracking['reserve']>[0];
type Looked<T> = { readonly value: T } | { readonly failure: ComposeFailure; readonly mayHeal: boolean };

const PATH = '/api/1/composes/';
const TIMEOUTS = { connectMs: 10_000, idleMs: 30_000, totalMs: 60_000 };
const LISTED = '100';
/** The request is at fault: a parent compose that is not known, for one. */
const REFUSALS = new Set([400, 409, 422]);

const info = z.object({
  payload: z.object({ compose: z.object({ id: z.string(), date: z.string(), respin: z.int().min(0) }) }),
});
const page = z.object({ items: z.array(z.object({ compose_info: info, compose_url: z.string().nullish() })) });
const problem = z.object({ message: z.string() });

export class CtsClient implements ComposeTracking {
  readonly #options: CtsOptions;
  readonly #service: ServiceClient;

  constructor(options: CtsOptions) {
    this.#options = options;
    const { url, timeouts } = options;
    // One try each: what is tried again is to look and, where there is nothing, to ask.
    this.#service = new ServiceClient({
      name: 'The Compose Tracking Service',
      url,
      timeouts: { ...TIMEOUTS, ...timeouts },
      connections: 2,
      retry: RETRY_POLICIES['no-retry'],
    });
  }

  async reserve(
    wanted: Wanted,
    signal: AbortSignal,
  ): Promise<{ readonly identity: PungiIdentity } | { readonly failure: ComposeFailure }> {
    const { outcome } = await retry(
      this.#options.retry ?? RETRY_POLICIES['cts-reservation'],
      signal,
      () => this.#lookOrAsk(wanted, signal),
      (looked) => 'failure' in looked && looked.mayHeal,
    );
    return 'failure' in outcome ? { failure: outcome.failure } : { identity: outcome.value };
  }

  close(): Promise<void> {
    return this.#service.close();
  }

  async #lookOrAsk(wanted: Wanted, signal: AbortSignal): Promise<Looked<PungiIdentity>> {
    const bearerToken = await this.#token();
    if ('failure' in bearerToken) return bearerToken;
    const found = await this.#look(wanted, bearerToken.value, signal);
    if ('failure' in found) return found;
    return found.value ? { value: found.value } : await this.#ask(wanted, bearerToken.value, signal);
  }

  async #look(
    { compose, release, identity }: Wanted,
    bearerToken: string | null,
    signal: AbortSignal,
  ): Promise<Looked<PungiIdentity | null>> {
    const query = Object.entries({
      release_short: release.short,
      release_version: release.version,
      date: identity.date,
      type: compose.composeType.toLowerCase(),
      order_by: '-respin',
      per_page: LISTED,
    });
    const answer = await this.#service.ask({ path: PATH, query, schema: page, signal, bearerToken });
    if ('failure' in answer) return judge(answer);
    const url = this.#options.composeUrl(compose);
    const ours = answer.value.items.find(
      ({ compose_url, compose_info }) => compose_url === url && compose_info.payload.compose.respin >= identity.respin,
    );
    return ours ? identityOf(ours.compose_info, identity) : { value: null };
  }

  async #ask(
    { compose, release, identity }: Wanted,
    bearerToken: string | null,
    signal: AbortSignal,
  ): Promise<Looked<PungiIdentity>> {
    const json = {
      compose_info: composeInfo(compose, identity, release),
      parent_compose_ids: compose.parentPungiComposeIds,
      respin_of: compose.respinOf,
      compose_url: this.#options.composeUrl(compose),
    };
    const answer = await this.#service.ask({ method: 'POST', path: PATH, json, schema: info, signal, bearerToken });
    return 'failure' in answer ? judge(answer) : identityOf(answer.value, identity);
  }

  async #token(): Promise<Looked<string | null>> {
    const { token } = this.#options;
    try {
      return { value: token && (await token()) };
    } catch (error) {
      return {
        failure: failure(
          'UPSTREAM_UNAVAILABLE',
          `The token for the Compose Tracking Service cannot be read (${(error as NodeJS.ErrnoException).code}); tell an administrator.`,
        ),
        mayHeal: false,
      };
    }
  }
}

function judge({ failure: given, status, text }: Extract<ServiceAnswer<unknown>, { failure: ComposeFailure }>): {
  readonly failure: ComposeFailure;
  readonly mayHeal: boolean;
} {
  if (status === null || !REFUSALS.has(status))
    return { failure: given, mayHeal: status === null || isPassingStatus(status) };
  return {
    failure: failure('INVALID_SOURCE', `The Compose Tracking Service refuses the compose: ${messageIn(text)}`),
    mayHeal: false,
  };
}

function messageIn(text: string): string {
  try {
    return problem.parse(JSON.parse(text)).message;
  } catch {
    return text === '' ? 'it does not say why' : text;
  }
}

/** Of the answer counts only which respin it is. */
function identityOf({ payload: { compose } }: z.infer<typeof info>, wanted: PungiIdentity): Looked<PungiIdentity> {
  const { id, date, respin } = compose;
  const identity = { ...wanted, respin, id: wanted.id.replace(/\d+$/, String(respin)) };
  if (id === identity.id && date === wanted.date) return { value: identity };
  return {
    failure: failure(
      'UPSTREAM_UNAVAILABLE',
      `The Compose Tracking Service answered with ${id}, which is no respin of ${wanted.id}`,
    ),
    mayHeal: false,
  };
}
