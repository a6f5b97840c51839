import { describe, expect, it } from 'vitest';
import { startChores } from '../../src/app/chores.ts';
import { silentLogger } from '../support/logger.ts';

const leadership = { whenLeader: async () => null };

describe('startChores', () => {
  it('runs a chore that failed again', async () => {
    let runs = 0;
    const twice = Promise.withResolvers<void>();
    const run = async () => {
      runs += 1;
      if (runs === 2) twice.resolve();
      throw new Error('not now');
    };
    const chores = startChores([{ name: 'fails', whose: 'host', everyMs: 1, run }], leadership, silentLogger);
    await chores.start();
    await expect(twice.promise).resolves.toBeUndefined();
    await chores.stop();
  });

  it('aborts the signal of a running chore when it stops', async () => {
    const begun = Promise.withResolvers<void>();
    const run = (signal: AbortSignal) => {
      begun.resolve();
      return new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    };
    const chores = startChores([{ name: 'long', whose: 'host', everyMs: 1, run }], leadership, silentLogger);
    await chores.start();
    await begun.promise;
    await expect(chores.stop()).resolves.toBeUndefined();
  });

  it('stops although a chore hangs', async () => {
    const begun = Promise.withResolvers<void>();
    const run = () => {
      begun.resolve();
      return new Promise<void>(() => {});
    };
    const chores = startChores([{ name: 'hangs', whose: 'host', everyMs: 1, run }], leadership, silentLogger);
    await chores.start();
    await begun.promise;
    await expect(chores.stop()).resolves.toBeUndefined();
  }, 8_000);
});
