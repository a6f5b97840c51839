import { expect, it } from 'vitest';
import { IdempotencyKeyTaken, type ComposeTransaction } from '../../src/app/ports.ts';
import { sharedTransactions } from '../../src/store/shared-transactions.ts';

/** Transactions that are committed when the test says so; what each of them did is in `committed`. */
function transactions() {
  const committed: string[][] = [];
  const gates: { open(): void; fail(error: Error): void }[] = [];
  let done: string[] = [];
  const together = sharedTransactions(async (work) => {
    done = [];
    const value = await work({} as ComposeTransaction);
    const mine = done;
    await new Promise<void>((resolve, reject) => gates.push({ open: resolve, fail: reject }));
    committed.push(mine);
    return value;
  });
  const one = (name: string, key = 'ann') =>
    together(key, async () => {
      done.push(name);
      return name;
    });
  const once = (name: string) =>
    together('ann', async () => {
      if ([...committed.flat(), ...done].includes(name)) throw new IdempotencyKeyTaken('taken');
      done.push(name);
    });
  const gate = async (index: number) => {
    while (!gates[index]) await Promise.resolve();
    return gates[index];
  };
  return { committed, together, one, once, gate };
}

it('alone, one is committed at once; what arrives meanwhile goes together in the next', async () => {
  const { committed, one, gate } = transactions();
  const answers = ['a', 'b', 'c'].map((name) => one(name));
  (await gate(0)).open();
  expect(await answers[0]).toBe('a');
  (await gate(1)).open();
  expect(await Promise.all(answers)).toEqual(['a', 'b', 'c']);
  expect(committed).toEqual([['a'], ['b', 'c']]);
});

it('those of another key wait for nobody', async () => {
  const { one, gate } = transactions();
  const waiting = one('a');
  const other = one('b', 'bob');
  (await gate(1)).open();
  expect(await other).toBe('b');
  (await gate(0)).open();
  expect(await waiting).toBe('a');
});

it('one that cannot be stored fails by itself, and the others are committed without it', async () => {
  const { committed, together, one, gate } = transactions();
  const first = one('a');
  const before = one('b');
  const refused = together('ann', async () => {
    throw new IdempotencyKeyTaken('taken');
  });
  const after = one('c');
  (await gate(0)).open();
  (await gate(1)).open();
  await expect(refused).rejects.toThrow(IdempotencyKeyTaken);
  expect(await Promise.all([first, before, after])).toEqual(['a', 'b', 'c']);
  expect(committed).toEqual([['a'], ['b', 'c']]);
});

it('a request that came twice at once is told that its key is taken when the other one is committed, and can be found', async () => {
  const { committed, one, once, gate } = transactions();
  const first = one('a');
  const twins = [once('b'), once('b')].map((answer) =>
    answer.then(
      () => 'stored',
      () => `refused after ${committed.length} commits`,
    ),
  );
  (await gate(0)).open();
  await first;
  (await gate(1)).open();
  expect(await Promise.all(twins)).toEqual(['stored', 'refused after 2 commits']);
  expect(committed).toEqual([['a'], ['b']]);
});

it('all fail where the commit does, and none is tried again: it may be there', async () => {
  const { committed, one, gate } = transactions();
  const answers = ['a', 'b', 'c'].map((name) => one(name));
  (await gate(0)).open();
  (await gate(1)).fail(new Error('the connection was lost'));
  expect((await Promise.allSettled(answers)).map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
  ]);
  const later = one('d');
  (await gate(2)).open();
  await later;
  expect(committed).toEqual([['a'], ['d']]);
});
