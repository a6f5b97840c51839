// Preparing a compose whose source does not answer.

import { expect, it } from 'vitest';
import type { ComposeStore, ComposeTransaction, Engine } from '../../src/app/ports.ts';
import { prepareCompose } from '../../src/app/attempt/prepare.ts';
import { aCompose } from '../support/composes.ts';
import { silentLogger } from '../support/logger.ts';

it('a source that does not answer in time holds no slot: the compose goes on to be generated', async () => {
  const sent: string[] = [];
  const tx = {
    lock: async () => aCompose(),
    enqueue: async (_compose, lane) => void sent.push(lane),
  } as Partial<ComposeTransaction> as ComposeTransaction;
  const store = {
    find: async () => aCompose(),
    transaction: (work: (tx: ComposeTransaction) => Promise<unknown>) => work(tx),
  } as unknown as ComposeStore;
  const identify = (_compose: unknown, signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  const engineFor = async () => ({ name: 'dnf' }) as Partial<Engine> as Engine;
  await prepareCompose(
    {
      store,
      resolver: { identify },
      engineFor,
      logger: silentLogger,
      clock: { now: () => new Date() },
      rules: { maxLosses: 3 },
      identifyTimeoutMs: 20,
    },
    '42',
    new AbortController().signal,
  );
  expect(sent).toEqual(['generate']);
});
