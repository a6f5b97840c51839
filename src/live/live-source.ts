// What a subscription to events is made of: a part that only this client is due (a snapshot, or what it missed), and a
// tail that all with the same operation share. Iterated by itself it is both in turn, as graphql.subscribe wants it;
// over WebSockets the tail is shared (shared-tail.ts).

import type { ComposeEventView } from '../graphql/types/compose-event.ts';
import { refusalError } from '../graphql/errors.ts';
import { abortable } from './abortable.ts';

/** One client's place in the stream. */
export interface LiveClient {
  /** What is due to this client before the tail, which gives everything after `joined`. May be asked for again. */
  catchUp(joined: bigint): AsyncGenerator<ComposeEventView, void>;
  /** Whether it has not had this event of the tail yet; it has now. */
  takes(event: ComposeEventView): boolean;
  /** Nothing more will come. */
  readonly isOver: boolean;
}

export interface LiveTail {
  /** A position from which the tail may begin. */
  head(): Promise<bigint>;
  follow(after: bigint, signal: AbortSignal): AsyncIterable<ComposeEventView>;
}

export class LiveSource implements AsyncIterable<ComposeEventView> {
  readonly client: LiveClient;
  readonly tail: LiveTail;

  constructor(client: LiveClient, tail: LiveTail) {
    this.client = client;
    this.tail = tail;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<ComposeEventView> {
    return abortable((signal) => this.#iterate(signal));
  }

  async *#iterate(signal: AbortSignal): AsyncGenerator<ComposeEventView, void> {
    const { client, tail } = this;
    const joined = await tail.head();
    yield* client.catchUp(joined);
    if (client.isOver || signal.aborted) return;
    for await (const event of tail.follow(joined, signal)) {
      if (client.takes(event)) yield event;
      if (client.isOver) return;
    }
    if (!signal.aborted) throw feedStopped();
  }
}

/** The stream of events has ended, and not because of anything that the client waits for. */
export function feedStopped(): Error {
  return refusalError({
    code: 'UPSTREAM_UNAVAILABLE',
    message: 'The stream of events was interrupted; subscribe again with the last cursor',
  });
}
