// A subscription to a stream of events in two parts: events for this client only (a snapshot, or what it missed), then a
// tail that all clients of the same operation share. Iterated directly it yields both parts in turn; shared-tail.ts
// shares the tail.

import { abortable } from './abortable.ts';

/** The state of one client in the stream. */
export interface LiveClient<Event> {
  /** The events for this client up to `joined`, where the tail continues. May be called again when it falls behind. */
  catchUp(joined: bigint): AsyncGenerator<Event, void>;
  /** Whether an event of the tail is new to this client. Marks it as received. */
  takes(event: Event): boolean;
  /** True when the client needs no further events. */
  readonly isOver: boolean;
}

export interface LiveTail<Event> {
  /** A position that the tail can begin at. */
  head(): Promise<bigint>;
  follow(after: bigint, signal: AbortSignal): AsyncIterable<Event>;
  /** The position of a stored event; null for one that is not stored. */
  positionOf(event: Event): bigint | null;
  /** The error for clients when the stream ends without being left. */
  interrupted(): Error;
}

export class LiveSource<Event> implements AsyncIterable<Event> {
  readonly client: LiveClient<Event>;
  readonly tail: LiveTail<Event>;

  constructor(client: LiveClient<Event>, tail: LiveTail<Event>) {
    this.client = client;
    this.tail = tail;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Event> {
    return abortable((signal) => this.#iterate(signal));
  }

  async *#iterate(signal: AbortSignal): AsyncGenerator<Event, void> {
    const { client, tail } = this;
    const joined = await tail.head();
    yield* client.catchUp(joined);
    if (client.isOver || signal.aborted) return;
    for await (const event of tail.follow(joined, signal)) {
      if (client.takes(event)) yield event;
      if (client.isOver) return;
    }
    if (!signal.aborted) throw tail.interrupted();
  }
}
