// What people's scripts do meanwhile: create (with a key, and again with the same key until the answer is clear), cancel,
// remove, and look at what is DONE.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomOf, type Random } from './random.ts';
import type { Asked, Records, Scenario } from './records.ts';
import { follow } from './subscribers.ts';

export interface ClientOptions {
  readonly records: Records;
  readonly seed: number;
  readonly targetDir: string;
  readonly repositories: Readonly<Record<Scenario, string>>;
  readonly pace: readonly [from: number, to: number];
  /** No new requests from here on. */
  readonly signal: AbortSignal;
  /** Nothing at all from here on. */
  readonly over: AbortSignal;
  urls(): readonly string[];
}

interface Answer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string; readonly retryable: boolean } }[];
}

const CREATE = 'mutation ($input: CreateComposeInput!) { createCompose(input: $input) { replayed compose { id state } } }';
const CANCEL = 'mutation ($id: ID!) { cancelCompose(input: { id: $id, reason: "chaos" }) { compose { id state } } }';
const REMOVE = 'mutation ($id: ID!) { removeCompose(input: { id: $id }) { compose { id state } } }';
const RENEW = 'mutation ($input: RenewComposeInput!) { renewCompose(input: $input) { regenerated compose { id } } }';
const DONE = '{ composes(first: 50, filter: { states: [DONE] }) { nodes { id reuses { id } } } }';
const ONE = 'query ($id: ID!) { compose(id: $id) { state toplevelUrl } }';

const SCENARIOS: Readonly<Record<Scenario, number>> = { quick: 8, slow: 8, hangs: 1, stubborn: 1, leaves: 1, fails: 1, dies: 1 };

/** One request over HTTP; null where no clear answer came. */
export async function ask(url: string, query: string, variables: object, patienceMs: number): Promise<Answer | null> {
  try {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(patienceMs),
    });
    return (await response.json()) as Answer;
  } catch {
    return null;
  }
}

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
      const life = this.#live(`k${number}`, random.pickOf(SCENARIOS), randomOf(seed, `client ${number}`)).finally(() => this.#open.delete(life));
      this.#open.add(life);
      do await sleep(random.between(...pace), undefined, { signal }).catch(() => undefined);
      while (this.#open.size > 12 && !signal.aborted);
    }
    await Promise.all(this.#open);
  }

  /** One compose, from the request to its end. */
  async #live(key: string, scenario: Scenario, random: Random): Promise<void> {
    const { records, over, urls } = this.#options;
    const asked: Asked = { key, scenario, ids: new Set() };
    records.asked.set(key, asked);
    const input = {
      source: { repo: { repo: this.#options.repositories[scenario], packages: ['hello'] } },
      idempotencyKey: key,
      ...(random.chance(0.7) ? { flags: ['NO_REUSE'] } : {}),
      ...(random.chance(0.2) ? { secondsToLive: Math.round(random.between(4, 15)) } : {}),
    };
    const twice = random.chance(0.2);
    const [id] = await Promise.all([this.#create(asked, input, random), twice ? this.#create(asked, input, random) : null]);
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
    if (random.chance(0.25)) await this.#until(() => this.#asked(REMOVE, { id }, random, 8_000));
  }

  async #create(asked: Asked, input: object, random: Random): Promise<string | null> {
    const { records } = this.#options;
    return this.#until(async () => {
      // Some clients do not wait for the answer, and cannot know what became of it.
      const patience = random.chance(0.1) ? random.between(2, 25) : 10_000;
      const answer = await this.#asked(CREATE, { input }, random, patience);
      const created = answer?.data?.['createCompose'] as { compose: { id: string } } | undefined;
      if (created) asked.ids.add(created.compose.id);
      else if (answer?.errors?.some(({ extensions }) => !extensions.retryable)) records.violated('errors', `createCompose: ${JSON.stringify(answer.errors)}`);
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
      const answer = await this.#asked(RENEW, { input }, random, patience);
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
    await this.#until(async () => {
      const answer = await this.#asked(CANCEL, { id }, random, 15_000);
      const canceled = answer?.data?.['cancelCompose'] as { compose: { state: string } } | undefined;
      if (canceled?.compose.state === 'FAILED') records.canceled.add(id);
      // CONFLICT: it ended first.
      return canceled || answer?.errors?.some(({ extensions }) => extensions.code === 'CONFLICT') ? true : null;
    });
  }

  /** Whoever is told DONE finds the files, as long as it is told so. */
  async look(): Promise<void> {
    const { records, over, targetDir, seed } = this.#options;
    const random = randomOf(seed, 'looker');
    while (!over.aborted) {
      await this.#pause(random.between(50, 400));
      const answer = await this.#asked(DONE, {}, random, 5_000);
      // What comes with an error is not all that was asked for: a sharer may show no root.
      if (answer?.errors) continue;
      const nodes = (answer?.data?.['composes'] as { nodes: readonly { id: string; reuses: { id: string } | null }[] } | undefined)?.nodes ?? [];
      for (const { id, reuses } of nodes) {
        records.count('looks at a DONE compose');
        if (existsSync(join(targetDir, `odcs-${reuses?.id ?? id}`, 'compose', 'Temporary', 'x86_64', 'os', 'repodata', 'repomd.xml'))) continue;
        const again = (await this.#asked(ONE, { id }, random, 5_000))?.data?.['compose'] as { state: string; toplevelUrl: string | null } | undefined;
        if (again?.state === 'DONE' && again.toplevelUrl !== null) records.violated('files', `compose ${id} is DONE and has no files of ${reuses?.id ?? id} (${new Date().toISOString()})`);
      }
    }
  }

  async #asked(query: string, variables: object, random: Random, patienceMs: number): Promise<Answer | null> {
    const { records, urls } = this.#options;
    const known = urls();
    if (known.length === 0) return null;
    const begun = performance.now();
    const answer = await ask(random.pick(known), query, variables, patienceMs);
    const internal = answer?.errors?.find(({ extensions }) => extensions.code === 'INTERNAL_SERVER_ERROR');
    if (internal) records.violated('errors', `${query.slice(0, 40)}: ${JSON.stringify(internal)}`);
    records.count(answer === null ? 'requests without an answer' : answer.errors ? 'requests answered with an error' : 'requests answered');
    // Cancelling waits for the engine to end.
    if (query !== CANCEL) records.longest('answer', performance.now() - begun);
    return answer;
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
