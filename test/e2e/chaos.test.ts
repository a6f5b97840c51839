import { describe, expect, inject, it } from 'vitest';
import { runChaos } from '../support/chaos/run.ts';

describe('A service with kills, freezes and broken connections', () => {
  // The seed fixes the faults, but not the instants at which they happen.
  it('keeps every rule of the chaos harness for 15 s', { timeout: 150_000 }, async () => {
    const { violations, figures } = await runChaos({
      serverUrl: inject('serverUrl'),
      seed: 20_261_122,
      seconds: 15,
      faultPace: [200, 1_000],
      requestPace: [80, 600],
      log: () => {},
    });
    expect(violations).toEqual([]);
    // A run without faults proves nothing.
    expect(figures.killsOfHolders).toBeGreaterThan(0);
    expect(figures.recoveries.count).toBeGreaterThan(0);
    expect(figures.composes['DONE']).toBeGreaterThan(5);
    expect(figures.connections).toBeGreaterThan(figures.subscribers);
  });
});
