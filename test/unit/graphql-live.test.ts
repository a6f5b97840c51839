import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { composesChanged } from '../../src/graphql/subscriptions/composes-changed.ts';
import { LiveSubscription, type Outlet } from '../../src/live/live-subscription.ts';
import { operationKey } from '../../src/live/operation-key.ts';
import { SharedTails } from '../../src/live/shared-tail.ts';
import { Kind, parse, type OperationDefinitionNode } from 'graphql';
import { InMemoryApi } from '../support/in-memory-api.ts';
import { eventually } from '../support/http.ts';

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

async function subscribe(api: InMemoryApi, tails: SharedTails, outlet: Outlet, after: string | null = null) {
  const subscription = new LiveSubscription({
    key: 'all',
    source: await composesChanged(api, READ_ALL, { after }),
    outlet,
    tails,
    render: async ({ position }) => String(position),
  });
  const over = subscription.next();
  return { subscription, over };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe('a client of a live operation', () => {
  it('that is slow gets everything once and in order, from its queue or from the log', async () => {
    const api = new InMemoryApi();
    const tails = new SharedTails();
    const slow = new SlowOutlet();
    const fast = new SlowOutlet();
    const { subscription } = await subscribe(api, tails, slow);
    await subscribe(api, tails, fast);
    await eventually('both have joined', () => tails.size.members === 2 && api.followers === 1);
    slow.isCongested = true;
    for (let index = 0; index < 1_000; index += 1) api.insert();
    await eventually('the fast one has all', () => fast.sent.length === 1_000);
    expect(slow.sent.length).toBeLessThan(5);
    const reads = api.calls['read'] ?? 0;
    slow.drain();
    for (let index = 0; index < 10; index += 1) api.insert();
    await eventually('the slow one has all', () => slow.sent.length === 1_010);
    expect(slow.sent).toEqual(numbers(1, 1_010));
    expect(fast.sent).toEqual(numbers(1, 1_010));
    expect(api.calls['read']).toBeGreaterThan(reads);
    await subscription.return();
    expect(tails.size).toEqual({ tails: 1, members: 1 });
  });

  it('that catches up from far behind joins the others without a gap', async () => {
    const api = new InMemoryApi();
    const tails = new SharedTails();
    for (let index = 0; index < 700; index += 1) api.insert();
    const outlet = new SlowOutlet();
    await subscribe(api, tails, outlet, api.cursors.encode(0n));
    for (let index = 0; index < 700; index += 1) {
      api.insert();
      if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually('it has all', () => outlet.sent.length >= 1_400);
    expect(outlet.sent).toEqual(numbers(1, 1_400));
  });

  it('that leaves before it has begun leaves nothing behind', async () => {
    const api = new InMemoryApi();
    const tails = new SharedTails();
    const { subscription, over } = await subscribe(api, tails, new SlowOutlet());
    await subscription.return();
    await expect(over).resolves.toEqual({ done: true, value: undefined });
    await eventually('nobody follows', () => api.followers === 0 && tails.size.tails === 0);
  });

  it('is told when the stream cannot go on', async () => {
    const api = new InMemoryApi();
    api.onRead = () => {
      throw new Error('the database is gone');
    };
    const tails = new SharedTails();
    const { over } = await subscribe(api, tails, new SlowOutlet());
    await expect(over).rejects.toThrow('the database is gone');
    expect(tails.size.tails).toBe(0);
  });
});

describe('live operations are identical', () => {
  const key = (query: string, variables: Record<string, unknown> = {}, rights = '') => {
    const document = parse(query);
    const operation = document.definitions.find(
      (node): node is OperationDefinitionNode => node.kind === Kind.OPERATION_DEFINITION,
    );
    if (!operation) throw new Error('no operation');
    return operationKey({ source: query, document, operation, variables, rights });
  };
  const query = 'subscription ($a: EventCursor, $f: ComposeFilter) { composesChanged(after: $a, filter: $f) { seq } }';

  it('whatever they resume from, and in whatever order their variables come', () => {
    expect(key(query, { a: 'x', f: { owners: ['o'], label: 'l' } })).toBe(
      key(query, { f: { label: 'l', owners: ['o'] }, a: 'y' }),
    );
  });

  it('unless document, other variables or rights differ', () => {
    expect(key(query, { f: { owners: ['o'] } })).not.toBe(key(query, { f: { owners: ['p'] } }));
    expect(key(query)).not.toBe(key(query.replace('seq', 'seq kind')));
    expect(key(query, {}, 'a')).not.toBe(key(query, {}, 'b'));
  });

  it('unless the cursor is used for something else as well', () => {
    const twice =
      'subscription ($a: EventCursor) { composesChanged(after: $a) { compose { events(after: $a) { nodes { seq } } } } }';
    expect(key(twice, { a: 'x' })).not.toBe(key(twice, { a: 'y' }));
  });
});
