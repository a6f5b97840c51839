// The tail of identical live operations: one reader of the feed and one execution per event, however many clients
// watch. Each message is serialized once and handed to every member.

import { setImmediate as otherThings } from 'node:timers/promises';
import type { ComposeEventView } from '../graphql/types/compose-event.ts';
import { feedStopped, type LiveTail } from './live-source.ts';

/** Clients that are told in one go: about 10 ms. */
const BURST = 1_000;

export interface LiveMessage {
  readonly event: ComposeEventView;
  /** The operation's result for it, as JSON. */
  readonly text: string;
}

export interface TailMember {
  deliver(message: LiveMessage): void;
  /** The tail cannot go on. */
  failed(error: unknown): void;
}

export interface TailOptions {
  readonly tail: LiveTail;
  render(event: ComposeEventView): Promise<string>;
}

/** Being a member of a tail. */
export interface Membership {
  /** Everything after this moment's position will be delivered. */
  readonly position: bigint;
  leave(): void;
}

/** The tails of one process, by what makes operations identical. A tail lives as long as it has members. */
export class SharedTails {
  readonly #tails = new Map<string, SharedTail>();

  async join(key: string, options: TailOptions, member: TailMember): Promise<Membership> {
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

  /** How many tails there are, and how many clients share them. */
  get size(): { readonly tails: number; readonly members: number } {
    let members = 0;
    for (const tail of this.#tails.values()) members += tail.members.size;
    return { tails: this.#tails.size, members };
  }

  #open(key: string, options: TailOptions): SharedTail {
    const tail = new SharedTail(options, () => this.#close(key, tail));
    this.#tails.set(key, tail);
    return tail;
  }

  #close(key: string, tail: SharedTail): void {
    tail.close();
    if (this.#tails.get(key) === tail) this.#tails.delete(key);
  }
}

class SharedTail {
  readonly members = new Set<TailMember>();
  readonly started: Promise<void>;
  position = 0n;
  readonly #controller = new AbortController();
  readonly #options: TailOptions;

  /** `onEnd` is called before the members are told, so that none joins a tail that has ended. */
  constructor(options: TailOptions, onEnd: () => void) {
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

  /** In bursts, between which the process does other things. Who joins in between has had the event, by its position. */
  async #deliver(message: LiveMessage): Promise<void> {
    let delivered = 0;
    for (const member of this.members) {
      member.deliver(message);
      delivered += 1;
      if (delivered % BURST === 0) await otherThings();
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
      if (event.kind !== 'PROGRESSED') this.position = event.position;
      await this.#deliver({ event, text });
    }
    if (!signal.aborted) throw feedStopped();
  }
}
