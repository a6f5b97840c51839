import { describe, expect, it } from 'vitest';
import { estimator } from '../../src/app/estimate.ts';
import type { History } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { aCompose, T0 } from '../support/composes.ts';

/** Similar composes took 10 s, all composes 8 s on average; the pool has two slots. */
function aHistory(running = 0, overrides: Partial<History> = {}): History {
  return {
    typicalMs: async () => 10_000,
    load: async () => ({ slots: 2, running, meanMs: 8_000 }),
    ...overrides,
  };
}

/** In seconds after T0; null if there is no estimate. */
async function estimate(compose: Compose, queuePosition: number | null, history: History, now = T0) {
  const estimated = await estimator({ history, poolOf: () => 'default', clock: { now: () => now } })(
    compose,
    queuePosition,
  );
  return estimated && (estimated.getTime() - T0.getTime()) / 1_000;
}

describe('The estimate for a compose in WAIT', () => {
  it.for([
    [1, 0, 10],
    [2, 0, 10],
    [3, 0, 14],
    [1, 1, 10],
    [1, 2, 14],
    [5, 2, 30],
  ] as const)('at position %i with %i running composes is in %i s', async ([position, running, seconds]) => {
    expect(await estimate(aCompose(), position, aHistory(running))).toBe(seconds);
  });

  it('is null without a worker that may take the compose', async () => {
    const load = async () => ({ slots: 0, running: 0, meanMs: null });
    expect(await estimate(aCompose(), 1, aHistory(0, { load }))).toBeNull();
  });

  it('is null without similar composes in the past', async () => {
    expect(await estimate(aCompose(), 1, aHistory(0, { typicalMs: async () => null }))).toBeNull();
  });
});

describe('The estimate for a compose that is being generated', () => {
  const generating = aCompose({ state: 'GENERATING', attempt: 1, startedAt: T0 });

  it('counts from the begin of the attempt', async () => {
    expect(await estimate(generating, null, aHistory())).toBe(10);
  });

  it('is never in the past', async () => {
    expect(await estimate(generating, null, aHistory(), new Date(T0.getTime() + 25_000))).toBe(25);
  });
});

describe('The estimate for a compose that has ended', () => {
  it('is null', async () => {
    expect(await estimate(aCompose({ state: 'DONE', doneAt: T0 }), null, aHistory())).toBeNull();
  });
});
