import { describe, expect, it } from 'vitest';
import { Slots } from '../../src/concurrency/slots.ts';

describe('Slots', () => {
  /** Starts tasks that end when their function is called; `started` lists them in the order of their start. */
  function tasks(slots: Slots, count: number) {
    const started: number[] = [];
    const gates = Array.from({ length: count }, () => Promise.withResolvers<void>());
    const results = gates.map((gate, index) =>
      slots.run(() => {
        started.push(index);
        return gate.promise;
      }),
    );
    return { started, results, end: (index: number) => gates[index]?.resolve() };
  }

  it('runs as many tasks as its limit, and the others in the order of their arrival', async () => {
    const { started, results, end } = tasks(new Slots({ running: 2, waiting: 3 }), 4);
    expect(started).toEqual([0, 1]);
    end(1);
    await results[1];
    expect(started).toEqual([0, 1, 2]);
    for (const index of [0, 2, 3]) end(index);
    await Promise.all(results);
    expect(started).toEqual([0, 1, 2, 3]);
  });

  it('is full while all slots and all places to wait are taken', async () => {
    const slots = new Slots({ running: 1, waiting: 1 });
    const { results, end } = tasks(slots, 2);
    expect(slots.isFull).toBe(true);
    end(0);
    await results[0];
    expect(slots.isFull).toBe(false);
    end(1);
    await Promise.all(results);
  });

  it('releases the slot of a task that fails', async () => {
    const slots = new Slots({ running: 1, waiting: 1 });
    await expect(slots.run(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(await slots.run(async () => 'done')).toBe('done');
  });
});
