import { describe, expect, it } from 'vitest';
import { prepareCompose } from '../../src/app/attempt/prepare.ts';
import type { ComposeStore, ComposeTransaction, Engine } from '../../src/app/ports.ts';
import { aCompose } from '../support/composes.ts';
import { silentLogger } from '../support/logger.ts';

/** Prepares a compose in WAIT; `sent` lists the lanes that it was sent to. */
async function prepare(
  identify: (signal: AbortSignal) => Promise<{ readonly fingerprint: readonly string[] }>,
  engine: Partial<Engine> = { name: 'dnf' },
) {
  const sent: string[] = [];
  const tx = {
    lock: async () => aCompose(),
    patch: async (compose) => compose,
    findReusable: async () => null,
    enqueue: async (_compose, lane) => void sent.push(lane),
  } as Partial<ComposeTransaction> as ComposeTransaction;
  const store = {
    find: async () => aCompose(),
    transaction: (work: (tx: ComposeTransaction) => Promise<unknown>) => work(tx),
  } as unknown as ComposeStore;
  const outcome = await prepareCompose(
    {
      store,
      resolver: { identify: (_compose, signal) => identify(signal) },
      engineFor: async () => engine as Engine,
      logger: silentLogger,
      clock: { now: () => new Date() },
      rules: { maxLosses: 3 },
      identifyTimeoutMs: 20,
    },
    '42',
    new AbortController().signal,
  );
  return { outcome, sent };
}

describe('prepareCompose', () => {
  it('sends a compose to the generate lane if its source does not answer in time', async () => {
    const hangs = (signal: AbortSignal) =>
      new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    expect(await prepare(hangs)).toEqual({ outcome: 'prepared', sent: ['generate'] });
  });

  it('sends a compose to the generate lane if there is no result to reuse', async () => {
    expect(await prepare(async () => ({ fingerprint: ['1'] }))).toEqual({ outcome: 'prepared', sent: ['generate'] });
  });

  it('leaves a compose of a light engine to the caller', async () => {
    const engine = { name: 'repofile', isLight: true } as const;
    expect(await prepare(async () => ({ fingerprint: [] }), engine)).toEqual({ outcome: 'generate', sent: [] });
  });
});
