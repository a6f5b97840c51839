// Uses the service as scripts do: creates composes, waits for states, follows all events over broken connections.

import type { Client } from 'graphql-ws';
import type { ServiceProcess } from './service-process.ts';

const CREATE = 'mutation ($input: CreateComposeInput!) { createCompose(input: $input) { compose { id } } }';
const WATCH_ONE = `subscription ($id: ID!) {
  composeChanged(id: $id) { seq compose { id state stateReason attempt progress { percent phase } failure { code message details } } }
}`;
const WATCH_ALL = `subscription ($after: EventCursor) {
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

export async function create(api: ServiceProcess, input: object): Promise<string> {
  const { data, errors } = await api.query(CREATE, { input });
  const id = (data?.['createCompose'] as { compose: { id: string } } | undefined)?.compose.id;
  if (!id) throw new Error(`createCompose: ${JSON.stringify(errors)}`);
  return id;
}

/** The compose when it first fits. Fails when it is DONE or FAILED and does not fit. */
export async function untilDone(
  api: ServiceProcess,
  id: string,
  fits: (compose: SeenCompose) => boolean,
): Promise<SeenCompose> {
  const client = api.client();
  try {
    for await (const { data, errors } of client.iterate<{ composeChanged: { compose: SeenCompose } }>({
      query: WATCH_ONE,
      variables: { id },
    })) {
      const compose = data?.composeChanged.compose;
      if (!compose) throw new Error(`composeChanged: ${JSON.stringify(errors)}`);
      if (fits(compose)) return compose;
      if (compose.state === 'FAILED' || compose.state === 'DONE')
        throw new Error(`Compose ${id} ended without a fit: ${JSON.stringify(compose)}`);
    }
  } finally {
    await client.dispose();
  }
  throw new Error(`The subscription to compose ${id} ended`);
}

/** Follows all events. After each cut it resumes at another process, with the last cursor that it saw. */
export class Watcher {
  readonly seen: SeenEvent[] = [];
  readonly connected: Promise<void>;
  readonly #apiOf: (attempt: number) => ServiceProcess;
  #attempt = 0;
  #after: string | null = null;
  #client: Client | null = null;
  #stopped = false;
  #waiting: { fits(seen: readonly SeenEvent[]): boolean; resolve(): void }[] = [];

  constructor(apiOf: (attempt: number) => ServiceProcess, from?: string) {
    this.#apiOf = apiOf;
    this.#after = from ?? null;
    this.connected = this.#connect();
  }

  until(fits: (seen: readonly SeenEvent[]) => boolean): Promise<void> {
    if (fits(this.seen)) return Promise.resolve();
    return new Promise((resolve) => void this.#waiting.push({ fits, resolve }));
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
    // Before the first event there is no cursor to resume from, so take one first.
    this.#after ??= await asOf(api);
    const client = api.client({ lazy: true });
    this.#client = client;
    const reconnect = () => {
      if (!this.#stopped && this.#client === client) void this.#connect();
    };
    client.subscribe<{ composesChanged: Omit<SeenEvent, 'id'> & { compose: { id: string } } }>(
      { query: WATCH_ALL, variables: { after: this.#after } },
      { next: ({ data }) => data && this.#take(data.composesChanged), error: reconnect, complete: reconnect },
    );
  }

  #take({ compose, ...event }: Omit<SeenEvent, 'id'> & { compose: { id: string } }): void {
    this.#after = event.cursor;
    this.seen.push({ id: compose.id, ...event });
    this.#waiting = this.#waiting.filter(({ fits, resolve }) => {
      const enough = fits(this.seen);
      if (enough) resolve();
      return !enough;
    });
  }
}

async function asOf(api: ServiceProcess): Promise<string> {
  const { data } = await api.query('{ composes(first: 1) { asOf } }');
  if (!data) throw new Error('The list of composes has no data');
  return (data['composes'] as { asOf: string }).asOf;
}
