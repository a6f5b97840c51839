// The Compose Tracking Service gives a compose an id that no other compose has. Asking for an id makes an entry, so the
// client first looks for an entry with this compose's URL: a lost answer or a dead attempt leaves no second entry.

import { z } from 'zod';
import type { ComposeTracking } from '../../app/ports.ts';
import { composeInfo } from '../../compose/productmd.ts';
import type { Compose } from '../../compose/compose.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import type { PungiIdentity } from '../../compose/pungi-identity.ts';
import { RETRY_POLICIES, type RetryPolicy } from '../../concurrency/retry-policies.ts';
import { retry } from '../../concurrency/retry.ts';
import { JsonClient, type JsonClientOptions } from '../http/json-client.ts';
import type { HttpFailure } from '../http/problem.ts';

interface CtsOptions extends Pick<JsonClientOptions, 'url' | 'timeouts'> {
  /** Called for each try, because tokens are renewed. Null: CTS needs none. */
  readonly token: (() => Promise<string>) | null;
  /** Where the compose will be served. */
  readonly composeUrl: (compose: Compose) => string;
  readonly retry?: RetryPolicy;
}

type Wanted = Parameters<ComposeTracking['reserve']>[0];
type Tried<T> = { readonly value: T } | Pick<HttpFailure, 'failure' | 'isTransient'>;

const NAME = 'The Compose Tracking Service';
const PATH = '/api/1/composes/';
const TIMEOUTS = { connectMs: 10_000, idleMs: 30_000, totalMs: 60_000 };
const PER_PAGE = '100';
/** CTS refuses the request, e.g. because it does not know a parent compose. */
const REFUSALS = new Set([400, 409, 422]);

const composeEntry = z.object({
  payload: z.object({ compose: z.object({ id: z.string(), date: z.string(), respin: z.int().min(0) }) }),
});
const page = z.object({ items: z.array(z.object({ compose_info: composeEntry, compose_url: z.string().nullish() })) });
const errorAnswer = z.object({ message: z.string() });

export class CtsClient implements ComposeTracking {
  readonly #options: CtsOptions;
  readonly #service: JsonClient;

  constructor(options: CtsOptions) {
    this.#options = options;
    const { url, timeouts } = options;
    // No retry inside: each try looks for the entry before it makes one.
    this.#service = new JsonClient({
      name: NAME,
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
      () => this.#findOrCreate(wanted, signal),
      (tried) => 'failure' in tried && tried.isTransient,
    );
    return 'failure' in outcome ? { failure: outcome.failure } : { identity: outcome.value };
  }

  close(): Promise<void> {
    return this.#service.close();
  }

  async #findOrCreate(wanted: Wanted, signal: AbortSignal): Promise<Tried<PungiIdentity>> {
    const bearerToken = await this.#token();
    if ('failure' in bearerToken) return bearerToken;
    const found = await this.#find(wanted, bearerToken.value, signal);
    if ('failure' in found) return found;
    return found.value ? { value: found.value } : await this.#create(wanted, bearerToken.value, signal);
  }

  async #find(
    { compose, release, identity }: Wanted,
    bearerToken: string | null,
    signal: AbortSignal,
  ): Promise<Tried<PungiIdentity | null>> {
    const query = Object.entries({
      release_short: release.short,
      release_version: release.version,
      date: identity.date,
      type: compose.composeType.toLowerCase(),
      order_by: '-respin',
      per_page: PER_PAGE,
    });
    const answer = await this.#service.request({ path: PATH, query, schema: page, signal, bearerToken });
    if ('failure' in answer) return judge(answer);
    const url = this.#options.composeUrl(compose);
    const ours = answer.value.items.find(
      ({ compose_url, compose_info }) => compose_url === url && compose_info.payload.compose.respin >= identity.respin,
    );
    return ours ? identityOf(ours.compose_info, identity) : { value: null };
  }

  async #create(
    { compose, release, identity }: Wanted,
    bearerToken: string | null,
    signal: AbortSignal,
  ): Promise<Tried<PungiIdentity>> {
    const json = {
      compose_info: composeInfo(compose, identity, release),
      parent_compose_ids: compose.parentPungiComposeIds,
      respin_of: compose.respinOf,
      compose_url: this.#options.composeUrl(compose),
    };
    const request = { method: 'POST', path: PATH, json, schema: composeEntry, signal, bearerToken } as const;
    const answer = await this.#service.request(request);
    return 'failure' in answer ? judge(answer) : identityOf(answer.value, identity);
  }

  async #token(): Promise<Tried<string | null>> {
    const { token } = this.#options;
    try {
      return { value: token && (await token()) };
    } catch (error) {
      const message = `The token for the Compose Tracking Service cannot be read (${(error as NodeJS.ErrnoException).code}). Ask the operators to correct the token file.`;
      return { failure: failure('UPSTREAM_UNAVAILABLE', message), isTransient: false };
    }
  }
}

function judge(answer: HttpFailure): Tried<never> {
  if (answer.status === null || !REFUSALS.has(answer.status)) return answer;
  const reason = reasonIn(answer.failure.details ?? '');
  return { failure: failure('INVALID_SOURCE', `${NAME} refuses the compose: ${reason}`), isTransient: false };
}

function reasonIn(text: string): string {
  try {
    return errorAnswer.parse(JSON.parse(text)).message;
  } catch {
    return text === '' ? 'it gives no reason' : text;
  }
}

/** Only the respin is taken from the answer. */
function identityOf(
  { payload: { compose } }: z.infer<typeof composeEntry>,
  wanted: PungiIdentity,
): Tried<PungiIdentity> {
  const { id, date, respin } = compose;
  const identity = { ...wanted, respin, id: wanted.id.replace(/\d+$/, String(respin)) };
  if (id === identity.id && date === wanted.date) return { value: identity };
  const message = `${NAME} answered with the id ${id}, which is no respin of ${wanted.id}. Ask the operators to check that service.`;
  return { failure: failure('UPSTREAM_UNAVAILABLE', message), isTransient: false };
}
