// Uses the service like a script: creates composes, waits for their states, and follows all events over broken
// connections.

import type { Client } from 'graphql-ws';
import { rootField } from './http.ts';
import type { ServiceProcess } from './service-process.ts';

const CREATE = 'mutation ($input: CreateComposeInput!) { createCompose(input: $input) { compose { id } } }';
const FOLLOW_COMPOSE = `subscription ($id: ID!) {
  composeChanged(id: $id) { seq compose { id state stateReason attempt progress { percent phase } failure { code message details } } }
}`;
const FOLLOW_ALL = `subscription ($after: EventCursor) {
  composesChanged(after: $after) { cursor seq kind from to compose { id } }
}`;

export interface SeenCompose {
  readonly id: string;
  readonly state: string;
  readonly stateReason: string;
  readonly attempt: number;
  readonly progress: { readonly percent: number; readonly phase: string } | null;
  readonly failure: { readonly code: string; readonly message: string; readonly details: string | null } | null;
}

export interface SeenEvent {
  readonly id: string;
  readonly cursor: string;
  readonly seq: number;
  readonly kind: string;
  readonly from: string | null;
  readonly to: string | null;
}

type EventPayload = Omit<SeenEvent, 'id'> & { readonly compose: { readonly id: string } };

export async function create(api: ServiceProcess, input: object): Promise<string> {
  const answer = await api.query(CREATE, { input });
  return rootField<{ compose: { id: string } }>(answer, 'createCompose').compose.id;
}

export function hasEnded({ state }: { readonly state: string }): boolean {
  return state === 'DONE' || state === 'FAILED';
}

/** Resolves with the compose as soon as it matches. Rejects if it ends without a match. */
export async function untilCompose(
  api: ServiceProcess,
  id: string,
  matches: (compose: SeenCompose) => boolean,
): Promise<SeenCompose> {
  const client = api.client();
  try {
    for await (const { data, errors } of client.iterate<{ composeChanged: { compose: SeenCompose } }>({
      query: FOLLOW_COMPOSE,
      variables: { id },
    })) {
      const compose = data?.composeChanged.compose;
      if (!compose) throw new Error(`composeChanged: ${JSON.stringify(errors)}`);
      if (matches(compose)) return compose;
      if (hasEnded(compose)) throw new Error(`Compose ${id} ended without a match: ${JSON.stringify(compose)}`);
    }
  } finally {
    await client.dispose();
  }
  throw new Error(`The subscription to compose ${id} ended`);
}

/** Follows all events. After each cut it resumes at another process, after the last cursor that it got. */
export class Watcher {
  readonly seen: SeenEvent[] = [];
  readonly connected: Promise<void>;
  readonly #apiOf: (attempt: number) => ServiceProcess;
  #attempt = 0;
  #after: string | null = null;
  #client: Client | null = null;
  #stopped = false;
  #waiting: { matches(event: SeenEvent): boolean; resolve(): void }[] = [];

  constructor(apiOf: (attempt: number) => ServiceProcess) {
    this.#apiOf = apiOf;
    this.connected = this.#connect();
  }

  /** Resolves when the compose has entered the state. */
  async untilState(id: string, state: string): Promise<void> {
    const matches = (event: SeenEvent) => event.id === id && event.to === state;
    if (this.seen.some(matches)) return;
    await new Promise<void>((resolve) => void this.#waiting.push({ matches, resolve }));
  }

  eventsOf(id: string): readonly SeenEvent[] {
    return this.seen.filter((event) => event.id === id);
  }

  /** Breaks the connection without closing it. */
  cut(): void {
    this.#client?.terminate();
  }

  stop(): void {
    this.#stopped = true;
    this.#client?.terminate();
  }

  async #connect(): Promise<void> {
    const api = this.#apiOf(this.#attempt++);
    // There is no event yet whose cursor it could resume after.
    this.#after ??= await currentCursor(api);
    const client = api.client({ lazy: true });
    this.#client = client;
    const reconnect = () => {
      if (!this.#stopped && this.#client === client) void this.#connect();
    };
    client.subscribe<{ composesChanged: EventPayload }>(
      { query: FOLLOW_ALL, variables: { after: this.#after } },
      { next: ({ data }) => data && this.#add(data.composesChanged), error: reconnect, complete: reconnect },
    );
  }

  #add({ compose, ...rest }: EventPayload): void {
    const event = { id: compose.id, ...rest };
    this.#after = event.cursor;
    this.seen.push(event);
    const matching = this.#waiting.filter(({ matches }) => matches(event));
    this.#waiting = this.#waiting.filter((each) => !matching.includes(each));
    for (const { resolve } of matching) resolve();
  }
}

async function currentCursor(api: ServiceProcess): Promise<string> {
  return rootField<{ asOf: string }>(await api.query('{ composes(first: 1) { asOf } }'), 'composes').asOf;
}
