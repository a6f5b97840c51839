// A short run of `npm run chaos` with a fixed seed: the same faults each time, though not at the same instants.

import { expect, inject, it } from 'vitest';
import { runChaos } from '../support/chaos/run.ts';

it('a run with kills, freezes and cut connections keeps every rule', async () => {
  const { violations, figures } = await runChaos({
    serverUrl: inject('serverUrl'),
    seed: 20_261_122,
    seconds: 15,
    faultPace: [200, 1_000],
    requestPace: [80, 600],
    log: () => {},
  });
  expect(violations).toEqual([]);
  // A run without faults would prove nothing.
  expect(figures.killsOfHolders).toBeGreaterThan(0);
  expect(figures.recoveries.count).toBeGreaterThan(0);
  expect(figures.composes['DONE']).toBeGreaterThan(5);
  expect(figures.connections).toBeGreaterThan(figures.subscribers);
}, 150_000);
