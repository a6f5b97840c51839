// Clients of a run: they create composes with an idempotency key, repeat the request until they have an answer, and cancel,
// renew and remove composes.

import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from './api-client.ts';
import { randomOf, type Random } from './random.ts';
import type { ClientRequest, Records, Scenario } from './records.ts';
import { follow } from './subscribers.ts';

export interface ClientOptions {
  readonly api: ApiClient;
  readonly records: Records;
  readonly seed: number;
  readonly repositories: Readonly<Record<Scenario, string>>;
  readonly pace: readonly [from: number, to: number];
  /** Aborts when no new compose is to be requested. */
  readonly signal: AbortSignal;
  /** Aborts at the end of the run. */
  readonly over: AbortSignal;
  urls(): readonly string[];
}

const CREATE =
  'mutation ($input: CreateComposeInput!) { createCompose(input: $input) { replayed compose { id state } } }';
const CANCEL = 'mutation ($id: ID!) { cancelCompose(input: { id: $id, reason: "chaos" }) { compose { id state } } }';
const REMOVE = 'mutation ($id: ID!) { removeCompose(input: { id: $id }) { compose { id state } } }';
const RENEW = 'mutation ($input: RenewComposeInput!) { renewCompose(input: $input) { regenerated compose { id } } }';

const SCENARIOS: Readonly<Record<Scenario, number>> = {
  quick: 8,
  slow: 8,
  hangs: 1,
  stubborn: 1,
  leaves: 1,
  fails: 1,
  dies: 1,
};

export class Clients {
  readonly #options: ClientOptions;
  readonly #open = new Set<Promise<void>>();

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Settles when `signal` has aborted and every client has finished. */
  async run(): Promise<void> {
    const { seed, signal, pace } = this.#options;
    const random = randomOf(seed, 'clients');
    for (let number = 0; !signal.aborted; number += 1) {
      const client = this.#runClient(
        `k${number}`,
        random.pickWeighted(SCENARIOS),
        randomOf(seed, `client ${number}`),
      ).finally(() => this.#open.delete(client));
      this.#open.add(client);
      do await sleep(random.between(...pace), undefined, { signal }).catch(() => undefined);
      while (this.#open.size > 12 && !signal.aborted);
    }
    await Promise.all(this.#open);
  }

  /** One compose, from the request to its end. */
  async #runClient(key: string, scenario: Scenario, random: Random): Promise<void> {
    const { records, over, urls } = this.#options;
    const input = {
      source: { repo: { repo: this.#options.repositories[scenario], packages: ['hello'] } },
      idempotencyKey: key,
      ...(random.chance(0.7) ? { flags: ['NO_REUSE'] } : {}),
      ...(random.chance(0.2) ? { secondsToLive: Math.round(random.between(4, 15)) } : {}),
    };
    const request: ClientRequest = { key, scenario, ids: new Set(), input };
    records.requests.set(key, request);
    const twice = random.chance(0.2);
    const [id] = await Promise.all([
      this.#create(request, input, random),
      twice ? this.#create(request, input, random) : null,
    ]);
    if (id === null || over.aborted) return;
    const subscriber = { name: `of compose ${id}`, id, from: 0, events: [], connections: 0 };
    records.subscribers.push(subscriber);
    const following = follow({ subscriber, after: null, urls, random, signal: over });
    const neverEnds = scenario === 'hangs' || scenario === 'stubborn';
    if (neverEnds || random.chance(0.12)) {
      await this.#pause(neverEnds ? random.between(1_500, 5_000) : random.between(0, 3_000));
      await this.#cancel(id, random);
    }
    await following;
    if (!neverEnds && random.chance(0.2)) await this.#renew(request, id, random);
    if (random.chance(0.25)) await this.#until(() => this.#options.api.request(REMOVE, { id }, random, 8_000));
  }

  async #create(request: ClientRequest, input: object, random: Random): Promise<string | null> {
    const { records } = this.#options;
    return this.#until(async () => {
      // Some clients disconnect before the answer.
      const timeoutMs = random.chance(0.1) ? random.between(2, 25) : 10_000;
      const answer = await this.#options.api.request(CREATE, { input }, random, timeoutMs);
      const created = answer?.data?.['createCompose'] as { replayed: boolean; compose: { id: string } } | undefined;
      if (created) request.ids.add(created.compose.id);
      if (created?.replayed) records.count('requests repeated with their key');
      else if (answer?.errors?.some(({ extensions }) => !extensions.retryable))
        records.violation('errors', `createCompose: ${JSON.stringify(answer.errors)}`);
      return created?.compose.id ?? null;
    });
  }

  /** Extends the compose, or generates one that failed or was removed again; once for the key. */
  async #renew({ key, scenario }: ClientRequest, id: string, random: Random): Promise<void> {
    const { records } = this.#options;
    const request: ClientRequest = { key: `again-${key}`, scenario, ids: new Set() };
    records.requests.set(request.key, request);
    const input = { id, idempotencyKey: request.key, secondsToLive: Math.round(random.between(5, 60)) };
    await this.#until(async () => {
      const timeoutMs = random.chance(0.2) ? random.between(2, 25) : 10_000;
      const answer = await this.#options.api.request(RENEW, { input }, random, timeoutMs);
      const renewed = answer?.data?.['renewCompose'] as { regenerated: boolean; compose: { id: string } } | undefined;
      if (renewed) {
        request.ids.add(renewed.compose.id);
        records.count(renewed.regenerated ? 'composes regenerated' : 'composes extended');
      }
      // CONFLICT: its removal has begun.
      return renewed || answer?.errors?.some(({ extensions }) => extensions.code === 'CONFLICT') ? true : null;
    });
  }

  async #cancel(id: string, random: Random): Promise<void> {
    const { records } = this.#options;
    records.cancelRequests.add(id);
    await this.#until(async () => {
      const answer = await this.#options.api.request(CANCEL, { id }, random, 15_000, 'cancel');
      const canceled = answer?.data?.['cancelCompose'] as { compose: { state: string } } | undefined;
      if (canceled?.compose.state === 'FAILED') records.canceled.add(id);
      // CONFLICT: it ended before.
      return canceled || answer?.errors?.some(({ extensions }) => extensions.code === 'CONFLICT') ? true : null;
    });
  }

  /** Repeats requests after the run: the same key must lead to the same compose. */
  async repeatRequests(): Promise<void> {
    const { records, seed } = this.#options;
    const random = randomOf(seed, 'again');
    for (const request of records.requests.values()) {
      if (request.ids.size > 0 && request.input && random.chance(0.3))
        await this.#create(request, request.input, random);
    }
  }

  /** Repeats the attempt until it has a result or the run ends. */
  async #until<T>(attempt: () => Promise<T | null>): Promise<T | null> {
    while (!this.#options.over.aborted) {
      const result = await attempt();
      if (result !== null) return result;
      await this.#pause(150);
    }
    return null;
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#options.over }).catch(() => undefined);
  }
}
