import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LiveSource, type LiveClient, type LiveTail } from '../../src/live/live-source.ts';
import { LiveSubscription, type Outlet } from '../../src/live/live-subscription.ts';
import { SharedTails } from '../../src/live/shared-tail.ts';
import { eventually } from '../support/http.ts';

/** A stream of the numbers 1, 2, 3 … that are stored when they are published. */
class NumberStream {
  last = 0n;
  /** Reads of stored numbers. */
  reads = 0;
  followers = 0;
  /** Makes `head` fail. */
  error: Error | null = null;
  #wake: () => void = () => {};
  #next = this.#publication();

  publish(count: number): void {
    this.last += BigInt(count);
    const wake = this.#wake;
    this.#next = this.#publication();
    wake();
  }

  source(after: bigint | null): LiveSource<bigint> {
    return new LiveSource(new NumberClient(this, after), this.#tail());
  }

  #publication(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #tail(): LiveTail<bigint> {
    return {
      head: async () => {
        if (this.error) throw this.error;
        return this.last;
      },
      follow: (after, signal) => this.#follow(after, signal),
      positionOf: (event) => event,
      interrupted: () => new Error('The stream was interrupted'),
    };
  }

  async *#follow(after: bigint, signal: AbortSignal): AsyncGenerator<bigint, void> {
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    this.followers += 1;
    try {
      for (let position = after; !signal.aborted;) {
        if (position < this.last) yield (position += 1n);
        else await Promise.race([this.#next, aborted]);
      }
    } finally {
      this.followers -= 1;
    }
  }
}

class NumberClient implements LiveClient<bigint> {
  readonly isOver = false;
  readonly #stream: NumberStream;
  #position: bigint | null;

  constructor(stream: NumberStream, after: bigint | null) {
    this.#stream = stream;
    this.#position = after;
  }

  async *catchUp(joined: bigint): AsyncGenerator<bigint, void> {
    if (this.#position !== null) {
      this.#stream.reads += 1;
      for (let next = this.#position + 1n; next <= this.#stream.last; next += 1n) {
        if (this.takes(next)) yield next;
      }
    }
    if (this.#position === null || this.#position < joined) this.#position = joined;
  }

  takes(event: bigint): boolean {
    if (this.#position !== null && event <= this.#position) return false;
    this.#position = event;
    return true;
  }
}

/** A connection whose other end reads only when the test says so. */
class SlowOutlet implements Outlet {
  readonly sent: string[] = [];
  isCongested = false;
  #waiting: (() => void)[] = [];

  post(text: string): void {
    this.sent.push(text);
  }

  async send(text: string): Promise<void> {
    this.sent.push(text);
    if (this.isCongested) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  drain(): void {
    this.isCongested = false;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

function subscribe(stream: NumberStream, tails: SharedTails<bigint>, outlet: Outlet, after: bigint | null = null) {
  const subscription = new LiveSubscription({
    key: 'all',
    source: stream.source(after),
    outlet,
    tails,
    render: async (event) => String(event),
  });
  return { subscription, over: subscription.next() };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe('LiveSubscription', () => {
  it('sends a slow client every event once and in order, from the queue or from storage', async () => {
    const stream = new NumberStream();
    const tails = new SharedTails<bigint>();
    const slow = new SlowOutlet();
    const fast = new SlowOutlet();
    const { subscription } = subscribe(stream, tails, slow);
    subscribe(stream, tails, fast);
    await eventually('both have joined', () => tails.size.members === 2 && stream.followers === 1);
    slow.isCongested = true;
    stream.publish(1_000);
    await eventually('the fast client has everything', () => fast.sent.length === 1_000);
    expect(slow.sent.length).toBeLessThan(5);
    expect(stream.reads).toBe(0);
    slow.drain();
    stream.publish(10);
    await eventually('the slow client has everything', () => slow.sent.length === 1_010);
    expect(slow.sent).toEqual(numbers(1, 1_010));
    expect(fast.sent).toEqual(numbers(1, 1_010));
    expect(stream.reads).toBeGreaterThan(0);
    await subscription.return();
    expect(tails.size).toEqual({ tails: 1, members: 1 });
  });

  it('joins the tail without a gap after it has caught up from far behind', async () => {
    const stream = new NumberStream();
    const outlet = new SlowOutlet();
    stream.publish(700);
    subscribe(stream, new SharedTails(), outlet, 0n);
    for (let round = 0; round < 14; round += 1) {
      stream.publish(50);
      await yieldToEventLoop();
    }
    await eventually('the client has everything', () => outlet.sent.length >= 1_400);
    expect(outlet.sent).toEqual(numbers(1, 1_400));
  });

  it('leaves nothing behind when the client leaves before it has begun', async () => {
    const stream = new NumberStream();
    const tails = new SharedTails<bigint>();
    const { subscription, over } = subscribe(stream, tails, new SlowOutlet());
    await subscription.return();
    await expect(over).resolves.toEqual({ done: true, value: undefined });
    await eventually('there is no follower', () => stream.followers === 0 && tails.size.tails === 0);
  });

  it('ends with the error of the stream', async () => {
    const stream = new NumberStream();
    const tails = new SharedTails<bigint>();
    stream.error = new Error('The database is gone');
    const { over } = subscribe(stream, tails, new SlowOutlet());
    await expect(over).rejects.toBe(stream.error);
    expect(tails.size.tails).toBe(0);
  });
});
