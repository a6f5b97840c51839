import { expect, it } from 'vitest';
import type { Compose } from '../../src/compose/compose.ts';
import { laneOf } from '../../src/compose/lane.ts';
import { aCompose } from '../support/composes.ts';

const pulp = { source: { type: 'PULP', contentSets: [], resolvedContentSets: null } } as const;

it.each<[string, Partial<Compose>, string]>([
  ['may reuse a result and was not prepared', {}, 'prepare'],
  ['was prepared and needs an engine', { digest: 'known' }, 'generate'],
  ['must not reuse a result and needs an engine', { flags: ['NO_REUSE'] }, 'generate'],
  ['needs no engine', { ...pulp, digest: 'known', flags: ['NO_REUSE'] }, 'prepare'],
])('a compose that %s goes to its lane', (_what, overrides, lane) => {
  expect(laneOf(aCompose(overrides))).toBe(lane);
});
