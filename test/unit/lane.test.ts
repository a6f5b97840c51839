import { expect, it } from 'vitest';
import type { Compose } from '../../src/compose/compose.ts';
import { laneOf } from '../../src/compose/lane.ts';
import { aCompose } from '../support/composes.ts';

const pulp = { source: { type: 'PULP', contentSets: [], resolvedContentSets: null } } as const;

it.each<[string, Partial<Compose>, string]>([
  ['may be shared, is looked at first', {}, 'prepare'],
  ['has been looked at, needs an engine', { digest: 'known' }, 'generate'],
  ['is not to be shared, needs an engine', { flags: ['NO_REUSE'] }, 'generate'],
  ['needs no engine, waits behind none', { ...pulp, digest: 'known', flags: ['NO_REUSE'] }, 'prepare'],
])('what %s', (_what, overrides, lane) => {
  expect(laneOf(aCompose(overrides))).toBe(lane);
});
