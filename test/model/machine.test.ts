import { getShortestPaths } from 'xstate/graph';
import { describe, expect, it } from 'vitest';
import type { Compose } from '../../src/compose/compose.ts';
import { advance, composeMachine } from '../../src/compose/machine.ts';
import { COMPOSE_STATES } from '../../src/compose/vocabulary.ts';
import { aCompose, everyEvent, SITUATIONS, T0 } from '../support/composes.ts';

const at = new Date(T0.getTime() + 60_000);
const RULES = { maxLosses: 3 };

describe('the compose machine', () => {
  for (const [situation, { compose, leads }] of Object.entries(SITUATIONS)) {
    for (const event of everyEvent(at, compose.attempt)) {
      const target = leads[event.type];
      it(`${target ? `leads from ${situation} to ${target}` : `refuses, when ${situation},`} on ${event.type}`, () => {
        expect(advance(compose, event, RULES)?.state).toBe(target);
      });
    }
  }

  it('can reach every state, and no path leads out of REMOVED', () => {
    const { state: _, ...context } = aCompose();
    const paths = getShortestPaths(composeMachine, {
      input: { ...context, maxLosses: 3 },
      events: [1, 2].flatMap((attempt) => everyEvent(at, attempt)),
      // Attempts and losses count for ever; what matters is the situation they make.
      serializeState: (snapshot) => {
        const { value, context: c } = snapshot;
        return JSON.stringify([
          value,
          Math.min(c.attempt, 2),
          Math.min(c.losses, 2),
          c.cancelRequestedAt !== null,
          c.reuses,
          c.removingAt !== null,
        ]);
      },
    });
    const reached = new Set(paths.map(({ state }) => state.value));
    expect(reached).toEqual(new Set(COMPOSE_STATES));
    for (const { state } of paths.filter((path) => path.state.value === 'REMOVED')) {
      for (const event of everyEvent(at, state.context.attempt)) expect(state.can(event), event.type).toBe(false);
    }
  });

  it('refuses what a stale attempt says, whatever it says', () => {
    const compose = aCompose({ state: 'GENERATING', attempt: 3 });
    for (const event of everyEvent(at, 2).filter((candidate) => 'attempt' in candidate))
      expect(advance(compose, event, RULES)).toBeNull();
  });

  it('raises the attempt with every begin, and losses with what lost workers, or workers that lost the database, had', () => {
    const begun = advance(aCompose({ attempt: 4, losses: 1 }), { type: 'BEGIN', at, workerId: 'w' }, RULES);
    expect(begun).toMatchObject({ attempt: 5, losses: 1, workerId: 'w', startedAt: at });
    const generating = { ...aCompose(), ...begun } as Compose;
    expect(advance(generating, { type: 'HAND_BACK', at, attempt: 5 }, RULES)).toMatchObject({
      attempt: 5,
      losses: 1,
      workerId: null,
    });
    for (const lost of ['WORKER', 'DATABASE'] as const)
      expect(advance(generating, { type: 'LOSE', at, attempt: 5, lost }, RULES)).toMatchObject({
        attempt: 5,
        losses: 2,
        workerId: null,
      });
  });

  it('restarts the clock of expiry when a compose ends', () => {
    const compose = aCompose({ state: 'GENERATING', attempt: 1, secondsToLive: 600 });
    expect(advance(compose, { type: 'SUCCEED', at, attempt: 1 }, RULES)).toMatchObject({
      doneAt: at,
      expiresAt: new Date(at.getTime() + 600_000),
    });
  });

  it('never shortens a life by renewing it', () => {
    const compose = aCompose({ state: 'DONE', expiresAt: new Date(at.getTime() + 5000) });
    expect(advance(compose, { type: 'EXTEND', at, expiresAt: at }, RULES)).toMatchObject({
      expiresAt: compose.expiresAt,
    });
  });

  it('says who canceled and why', () => {
    const canceled = advance(aCompose(), { type: 'REQUEST_CANCEL', at, by: 'ann', reason: 'wrong tag' }, RULES);
    expect(canceled).toMatchObject({
      cancelRequestedBy: 'ann',
      failure: { code: 'CANCELED', message: 'Canceled by ann: wrong tag', retryable: false },
    });
  });
});
