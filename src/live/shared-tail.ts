// The shared tail of identical live operations: one reader of the stream and one rendering per event, however many
// clients subscribe. Each message is serialized once and delivered to every member.

import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { LiveTail } from './live-source.ts';

/** Members that are served before the event loop gets a turn; about 10 ms. */
const SLICE = 1_000;

export interface LiveMessage<Event> {
  readonly event: Event;
  /** The rendered event. */
  readonly text: string;
}

export interface TailMember<Event> {
  deliver(message: LiveMessage<Event>): void;
  /** The tail has ended with an error. */
  failed(error: unknown): void;
}

export interface TailOptions<Event> {
  readonly tail: LiveTail<Event>;
  render(event: Event): Promise<string>;
}

export interface Membership {
  /** The member receives all events after the position that this has when `join` resolves. */
  readonly position: bigint;
  leave(): void;
}

/** The tails of a process, by operation key. A tail exists as long as it has members. */
export class SharedTails<Event> {
  readonly #tails = new Map<string, SharedTail<Event>>();

  async join(key: string, options: TailOptions<Event>, member: TailMember<Event>): Promise<Membership> {
    const tail = this.#tails.get(key) ?? this.#open(key, options);
    tail.members.add(member);
    const leave = () => {
      if (tail.members.delete(member) && tail.members.size === 0) this.#close(key, tail);
    };
    try {
      await tail.started;
    } catch (error) {
      leave();
      throw error;
    }
    return {
      get position() {
        return tail.position;
      },
      leave,
    };
  }

  /** The number of tails, and of the clients that share them. */
  get size(): { readonly tails: number; readonly members: number } {
    let members = 0;
    for (const tail of this.#tails.values()) members += tail.members.size;
    return { tails: this.#tails.size, members };
  }

  #open(key: string, options: TailOptions<Event>): SharedTail<Event> {
    const tail = new SharedTail(options, () => this.#close(key, tail));
    this.#tails.set(key, tail);
    return tail;
  }

  #close(key: string, tail: SharedTail<Event>): void {
    tail.close();
    if (this.#tails.get(key) === tail) this.#tails.delete(key);
  }
}

class SharedTail<Event> {
  readonly members = new Set<TailMember<Event>>();
  readonly started: Promise<void>;
  position = 0n;
  readonly #controller = new AbortController();
  readonly #options: TailOptions<Event>;

  /** `onEnd` runs before members learn of the end, so that no client joins a tail that has ended. */
  constructor(options: TailOptions<Event>, onEnd: () => void) {
    this.#options = options;
    this.started = this.#start();
    this.#run().catch((error: unknown) => {
      onEnd();
      for (const member of this.members) member.failed(error);
    });
  }

  close(): void {
    this.#controller.abort();
  }

  /** A member that joins between two slices may get the message twice, and recognises it by its position. */
  async #deliver(message: LiveMessage<Event>): Promise<void> {
    let delivered = 0;
    for (const member of this.members) {
      member.deliver(message);
      delivered += 1;
      if (delivered % SLICE === 0) await yieldToEventLoop();
    }
  }

  async #start(): Promise<void> {
    this.position = await this.#options.tail.head();
  }

  async #run(): Promise<void> {
    await this.started;
    const { tail } = this.#options;
    const { signal } = this.#controller;
    for await (const event of tail.follow(this.position, signal)) {
      const text = await this.#options.render(event);
      this.position = tail.positionOf(event) ?? this.position;
      await this.#deliver({ event, text });
    }
    if (!signal.aborted) throw tail.interrupted();
  }
}
