// What people's scripts do meanwhile: create (with a key, and again with the same key until the answer is clear), cancel,
// renew, remove.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Asker } from './asker.ts';
import { randomOf, type Random } from './random.ts';
import type { Asked, Records, Scenario } from './records.ts';
import { follow } from './subscribers.ts';

export interface ClientOptions {
  readonly asker: Asker;
  readonly records: Records;
  readonly seed: number;
  readonly repositories: Readonly<Record<Scenario, string>>;
  readonly pace: readonly [from: number, to: number];
  /** No new requests from here on. */
  readonly signal: AbortSignal;
  /** Nothing at all from here on. */
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

  /** Until `signal` aborts, and what was begun has come to an end. */
  async run(): Promise<void> {
    const { seed, signal, pace } = this.#options;
    const random = randomOf(seed, 'clients');
    for (let number = 0; !signal.aborted; number += 1) {
      const life = this.#live(`k${number}`, random.pickOf(SCENARIOS), randomOf(seed, `client ${number}`)).finally(() =>
        this.#open.delete(life),
      );
      this.#open.add(life);
      do await sleep(random.between(...pace), undefined, { signal }).catch(() => undefined);
      while (this.#open.size > 12 && !signal.aborted);
    }
    await Promise.all(this.#open);
  }

  /** One compose, from the request to its end. */
  async #live(key: string, scenario: Scenario, random: Random): Promise<void> {
    const { records, over, urls } = this.#options;
    const input = {
      source: { repo: { repo: this.#options.repositories[scenario], packages: ['hello'] } },
      idempotencyKey: key,
      ...(random.chance(0.7) ? { flags: ['NO_REUSE'] } : {}),
      ...(random.chance(0.2) ? { secondsToLive: Math.round(random.between(4, 15)) } : {}),
    };
    const asked: Asked = { key, scenario, ids: new Set(), input };
    records.asked.set(key, asked);
    const twice = random.chance(0.2);
    const [id] = await Promise.all([
      this.#create(asked, input, random),
      twice ? this.#create(asked, input, random) : null,
    ]);
    if (id === null || over.aborted) return;
    const subscriber = { name: `of compose ${id}`, id, from: 0, seen: [], connections: 0 };
    records.subscribers.push(subscriber);
    const following = follow({ subscriber, after: null, urls, random, signal: over });
    const neverEnds = scenario === 'hangs' || scenario === 'stubborn';
    if (neverEnds || random.chance(0.12)) {
      await this.#pause(neverEnds ? random.between(1_500, 5_000) : random.between(0, 3_000));
      await this.#cancel(id, random);
    }
    await following;
    if (!neverEnds && random.chance(0.2)) await this.#renew(asked, id, random);
    if (random.chance(0.25)) await this.#until(() => this.#options.asker.ask(REMOVE, { id }, random, 8_000));
  }

  async #create(asked: Asked, input: object, random: Random): Promise<string | null> {
    const { records } = this.#options;
    return this.#until(async () => {
      // Some clients do not wait for the answer, and cannot know what became of it.
      const patience = random.chance(0.1) ? random.between(2, 25) : 10_000;
      const answer = await this.#options.asker.ask(CREATE, { input }, random, patience);
      const created = answer?.data?.['createCompose'] as { replayed: boolean; compose: { id: string } } | undefined;
      if (created) asked.ids.add(created.compose.id);
      if (created?.replayed) records.count('requests repeated with their key');
      else if (answer?.errors?.some(({ extensions }) => !extensions.retryable))
        records.violated('errors', `createCompose: ${JSON.stringify(answer.errors)}`);
      return created?.compose.id ?? null;
    });
  }

  /** More time, or, of one that failed or is gone, the same once more: whatever it is, once. */
  async #renew({ key, scenario }: Asked, id: string, random: Random): Promise<void> {
    const { records } = this.#options;
    const asked: Asked = { key: `again-${key}`, scenario, ids: new Set() };
    records.asked.set(asked.key, asked);
    const input = { id, idempotencyKey: asked.key, secondsToLive: Math.round(random.between(5, 60)) };
    await this.#until(async () => {
      const patience = random.chance(0.2) ? random.between(2, 25) : 10_000;
      const answer = await this.#options.asker.ask(RENEW, { input }, random, patience);
      const renewed = answer?.data?.['renewCompose'] as { regenerated: boolean; compose: { id: string } } | undefined;
      if (renewed) {
        asked.ids.add(renewed.compose.id);
        records.count(renewed.regenerated ? 'composes made again' : 'composes given more time');
      }
      // CONFLICT: it is being removed.
      return renewed || answer?.errors?.some(({ extensions }) => extensions.code === 'CONFLICT') ? true : null;
    });
  }

  async #cancel(id: string, random: Random): Promise<void> {
    const { records } = this.#options;
    records.cancelsAsked.add(id);
    await this.#until(async () => {
      const answer = await this.#options.asker.ask(CANCEL, { id }, random, 15_000, 'cancel');
      const canceled = answer?.data?.['cancelCompose'] as { compose: { state: string } } | undefined;
      if (canceled?.compose.state === 'FAILED') records.canceled.add(id);
      // CONFLICT: it ended first.
      return canceled || answer?.errors?.some(({ extensions }) => extensions.code === 'CONFLICT') ? true : null;
    });
  }

  /** Once all is over: whoever asks again with the same key is told of the same compose. */
  async askAgain(): Promise<void> {
    const { records, seed } = this.#options;
    const random = randomOf(seed, 'again');
    for (const asked of records.asked.values()) {
      if (asked.ids.size > 0 && asked.input && random.chance(0.3)) await this.#create(asked, asked.input, random);
    }
  }

  /** Tries until there is a result, or all is over. */
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
