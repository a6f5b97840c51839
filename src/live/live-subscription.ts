// One client of a live operation. It is caught up privately, then fed by the shared tail: while its connection keeps
// up, messages go straight to the socket; else they wait in a bounded queue; past that it goes back to reading the
// event log from where it is. It is an iterator that never yields, because messages go out as prepared text.

import type { ComposeEventView } from '../graphql/types/compose-event.ts';
import type { LiveClient, LiveSource } from './live-source.ts';
import type { LiveMessage, Membership, SharedTails, TailMember } from './shared-tail.ts';

const QUEUE_LIMIT = 256;

export interface Outlet {
  /** Sends a result, given as JSON. */
  post(text: string): void;
  /** The same, and waits until there is room for another. Never rejects: a connection that is lost is left soon. */
  send(text: string): Promise<void>;
  readonly isCongested: boolean;
}

export interface LiveOperation {
  /** What makes operations identical. */
  readonly key: string;
  readonly source: LiveSource;
  readonly outlet: Outlet;
  readonly tails: SharedTails;
  render(event: ComposeEventView): Promise<string>;
}

export class LiveSubscription implements AsyncIterableIterator<never, void>, TailMember {
  readonly #operation: LiveOperation;
  readonly #client: LiveClient;
  readonly #over: Promise<IteratorReturnResult<void>>;
  #finish: () => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #queue: LiveMessage[] = [];
  /** More was due than the queue holds: read the log instead. At first, all that was before is due. */
  #behind = true;
  /** Whether `#pump` is at work; while it is not, messages go straight out. */
  #pumping = false;
  #closed = false;
  #membership: Membership | null = null;

  constructor(operation: LiveOperation) {
    this.#operation = operation;
    this.#client = operation.source.client;
    this.#over = new Promise((resolve, reject) => {
      this.#finish = () => resolve({ done: true, value: undefined });
      this.#reject = reject;
    });
  }

  /** Starts it, where it has not; the answer comes when the subscription is over. */
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

  deliver(message: LiveMessage): void {
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

  /** From the log, up to where the tail has got; from there on, what the tail delivers waits in the queue. */
  async #catchUp(): Promise<void> {
    const { key, source, tails, outlet } = this.#operation;
    const render = (event: ComposeEventView) => this.#operation.render(event);
    // From here on what is delivered counts, so that nothing is missed between joining and looking where it stands.
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
