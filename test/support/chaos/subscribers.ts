// Subscribers that behave as clients should: they detect a silent server, connect to another process after a cut, and
// continue from the last cursor that they got.

import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Random } from './random.ts';
import type { Subscriber } from './records.ts';

const WATCH_ALL =
  'subscription ($after: EventCursor) { composesChanged(after: $after) { cursor seq kind compose { id state } } }';
const WATCH_ONE =
  'subscription ($id: ID!, $after: EventCursor) { composeChanged(id: $id, after: $after, untilDone: true) { cursor seq kind compose { id state } } }';
const PING_MS = 1_000;
const PONG_MS = 2_500;

interface ReceivedEvent {
  readonly cursor: string;
  readonly seq: number;
  readonly kind: string;
  readonly compose: { readonly id: string; readonly state: string };
}

export interface FollowOptions {
  readonly subscriber: Subscriber;
  readonly after: string | null;
  urls(): readonly string[];
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** Settles when the signal aborts or when the one compose has ended. */
export async function follow({ subscriber, after, urls, random, signal }: FollowOptions): Promise<void> {
  let last = after;
  let over = false;
  const take = ({ compose, ...event }: ReceivedEvent) => {
    if (event.kind === 'PROGRESSED') return;
    last = event.cursor;
    if (event.kind === 'SNAPSHOT') subscriber.from = event.seq;
    else subscriber.events.push({ id: compose.id, state: compose.state, ...event });
    // `untilDone` ends at DONE or FAILED; a new connection after that cursor would get the later events.
    if (
      subscriber.id !== null &&
      (compose.state === 'DONE' || compose.state === 'FAILED' || compose.state === 'REMOVED')
    )
      over = true;
  };
  while (!signal.aborted && !over) {
    const available = urls();
    if (available.length > 0) {
      subscriber.connections += 1;
      over =
        (await subscribeOnce({
          url: random.pick(available),
          id: subscriber.id,
          after: last,
          signal,
          take,
          cutAfterMs: random.between(200, 8_000),
        })) || over;
    }
    if (!over) await sleep(random.between(20, 300), undefined, { signal }).catch(() => undefined);
  }
}

interface ConnectionOptions {
  readonly url: string;
  readonly id: string | null;
  readonly after: string | null;
  readonly signal: AbortSignal;
  /** The client's own network fails after this time. */
  readonly cutAfterMs: number;
  take(event: ReceivedEvent): void;
}

/** True if the server completed the subscription. */
async function subscribeOnce({ url, id, after, signal, take, cutAfterMs }: ConnectionOptions): Promise<boolean> {
  const client = pingingClient(url);
  const aborted = Promise.withResolvers<boolean>();
  const end = () => aborted.resolve(false);
  signal.addEventListener('abort', end, { once: true });
  const cut = setTimeout(end, cutAfterMs);
  try {
    const ended = new Promise<boolean>((resolve) => {
      client.on('closed', () => resolve(false));
      client.subscribe<Record<string, ReceivedEvent>>(
        id === null ? { query: WATCH_ALL, variables: { after } } : { query: WATCH_ONE, variables: { id, after } },
        {
          next({ data, errors }) {
            const event = data && (data['composesChanged'] ?? data['composeChanged']);
            if (errors || !event) resolve(false);
            else take(event);
          },
          error: () => resolve(false),
          // A subscription to all composes completes only when the server stops.
          complete: () => resolve(id !== null && !signal.aborted),
        },
      );
    });
    return await Promise.race([ended, aborted.promise]);
  } finally {
    clearTimeout(cut);
    signal.removeEventListener('abort', end);
    client.terminate();
  }
}

/** A socket that is cut while it connects emits its error after the client removed its listener. */
class QuietSocket extends WebSocket {
  constructor(...args: ConstructorParameters<typeof WebSocket>) {
    super(...args);
    this.on('error', () => {});
  }
}

/** A client that terminates the connection if a ping is not answered. */
function pingingClient(url: string): Client {
  let timer: NodeJS.Timeout | undefined;
  const client: Client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: QuietSocket,
    retryAttempts: 0,
    keepAlive: PING_MS,
    connectionAckWaitTimeout: PONG_MS,
    on: {
      ping: (received) => {
        if (!received) timer = setTimeout(() => client.terminate(), PONG_MS);
      },
      pong: (received) => received && clearTimeout(timer),
      closed: () => clearTimeout(timer),
    },
  });
  return client;
}
