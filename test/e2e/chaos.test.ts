// A short run of `npm run chaos` with a seed that is known: the same faults each time, if not at the same instant.

import { expect, inject, it } from 'vitest';
import { runChaos } from '../support/chaos/run.ts';

it('every promise is kept while processes die, freeze and are cut off, and clients come and go', async () => {
  const { violations, figures } = await runChaos({
    serverUrl: inject('serverUrl'),
    seed: 20_261_122,
    seconds: 15,
    faultPace: [200, 1_000],
    requestPace: [80, 600],
    log: () => {},
  });
  expect(violations).toEqual([]);
  // A run in which nothing went wrong would prove nothing.
  expect(figures.killsOfHolders).toBeGreaterThan(0);
  expect(figures.recoveries.count).toBeGreaterThan(0);
  expect(figures.composes['DONE']).toBeGreaterThan(5);
  expect(figures.connections).toBeGreaterThan(figures.subscribers);
}, 150_000);
