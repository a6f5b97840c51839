// One client of a live operation. It catches up by itself, then receives the shared tail. While its connection keeps up,
// messages go straight to it; otherwise they wait in a bounded queue, and beyond that it reads the stored events from
// its position on. The iterator never yields, because messages are sent as rendered text.

import type { LiveClient, LiveSource } from './live-source.ts';
import type { LiveMessage, Membership, SharedTails, TailMember } from './shared-tail.ts';

const QUEUE_LIMIT = 256;

export interface Outlet {
  post(text: string): void;
  /** Sends a message, and waits until there is room for another. Never rejects: a lost connection is closed soon. */
  send(text: string): Promise<void>;
  readonly isCongested: boolean;
}

export interface LiveOperation<Event> {
  /** Equal for identical operations. */
  readonly key: string;
  readonly source: LiveSource<Event>;
  readonly outlet: Outlet;
  readonly tails: SharedTails<Event>;
  render(event: Event): Promise<string>;
}

export class LiveSubscription<Event> implements AsyncIterableIterator<never, void>, TailMember<Event> {
  readonly #operation: LiveOperation<Event>;
  readonly #client: LiveClient<Event>;
  readonly #over: Promise<IteratorReturnResult<void>>;
  #finish: () => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #queue: LiveMessage<Event>[] = [];
  /** The client has to read stored events: at the start, and when the queue overflowed. */
  #behind = true;
  /** `#pump` runs. Only while it does not, messages go straight out. */
  #pumping = false;
  #closed = false;
  #membership: Membership | null = null;

  constructor(operation: LiveOperation<Event>) {
    this.#operation = operation;
    this.#client = operation.source.client;
    this.#over = new Promise((resolve, reject) => {
      this.#finish = () => resolve({ done: true, value: undefined });
      this.#reject = reject;
    });
  }

  /** Starts the subscription at the first call. Resolves when it is over. */
  next(): Promise<IteratorResult<never, void>> {
    this.#wake();
    return this.#over;
  }

  return(): Promise<IteratorResult<never, void>> {
    this.#close();
    return this.#over;
  }

  throw(): Promise<IteratorResult<never, void>> {
    return this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  deliver(message: LiveMessage<Event>): void {
    if (this.#closed || this.#behind) return;
    if (!this.#pumping && !this.#operation.outlet.isCongested) {
      if (this.#client.takes(message.event)) this.#operation.outlet.post(message.text);
      if (this.#client.isOver) this.#close();
      return;
    }
    if (this.#queue.length < QUEUE_LIMIT) {
      this.#queue.push(message);
    } else {
      this.#queue = [];
      this.#behind = true;
    }
    this.#wake();
  }

  failed(error: unknown): void {
    if (this.#closed) return;
    this.#reject(error);
    this.#close();
  }

  #wake(): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    this.#pump().catch((error: unknown) => this.failed(error));
  }

  async #pump(): Promise<void> {
    while (!this.#closed) {
      if (this.#behind) {
        await this.#catchUp();
      } else {
        const message = this.#queue.shift();
        if (!message) break;
        if (this.#client.takes(message.event)) await this.#operation.outlet.send(message.text);
      }
      if (this.#client.isOver) this.#close();
    }
    this.#pumping = false;
  }

  /** Reads stored events up to the position of the tail. Meanwhile the tail fills the queue. */
  async #catchUp(): Promise<void> {
    const { key, source, tails, outlet } = this.#operation;
    const render = (event: Event) => this.#operation.render(event);
    // Queue from here on, so that no event is lost between joining and reading the position.
    this.#behind = false;
    this.#membership ??= await tails.join(key, { tail: source.tail, render }, this);
    if (this.#closed) return this.#membership.leave();
    for await (const event of this.#client.catchUp(this.#membership.position)) {
      await outlet.send(await render(event));
      if (this.#closed) return;
    }
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#membership?.leave();
    this.#finish();
  }
}
