import { getShortestPaths } from 'xstate/graph';
import { describe, expect, it } from 'vitest';
import type { Compose } from '../../src/compose/compose.ts';
import { advance, composeMachine } from '../../src/compose/machine.ts';
import { COMPOSE_STATE_MEANINGS } from '../../src/compose/vocabulary.ts';
import { aCompose, everyEvent, SITUATIONS, T0 } from '../support/composes.ts';

const at = new Date(T0.getTime() + 60_000);
const RULES = { maxLosses: 3 };

describe('advance', () => {
  for (const [situation, { compose, leads }] of Object.entries(SITUATIONS)) {
    for (const event of everyEvent(at, compose.attempt)) {
      const target = leads[event.type];
      it(`${target ? `leads to ${target}` : 'is refused'} for ${event.type} when ${situation}`, () => {
        expect(advance(compose, event, RULES)?.state).toBe(target);
      });
    }
  }

  it('reaches every state, and leaves REMOVED on no path', () => {
    const { state: _, ...context } = aCompose();
    const paths = getShortestPaths(composeMachine, {
      input: { ...context, maxLosses: 3 },
      events: [1, 2].flatMap((attempt) => everyEvent(at, attempt)),
      // Attempts and losses have no upper bound, so situations that differ only in them count as one.
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
    expect(reached).toEqual(new Set(Object.keys(COMPOSE_STATE_MEANINGS)));
    for (const { state } of paths.filter((path) => path.state.value === 'REMOVED')) {
      for (const event of everyEvent(at, state.context.attempt)) expect(state.can(event), event.type).toBe(false);
    }
  });

  it('refuses every event of an attempt that is not the latest', () => {
    const compose = aCompose({ state: 'GENERATING', attempt: 3 });
    for (const event of everyEvent(at, 2).filter((candidate) => 'attempt' in candidate))
      expect(advance(compose, event, RULES)).toBeNull();
  });

  it('counts an attempt when it begins, and a loss when its worker or the database is lost', () => {
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

  it('counts the lifetime from the end of the compose', () => {
    const compose = aCompose({ state: 'GENERATING', attempt: 1, secondsToLive: 600 });
    expect(advance(compose, { type: 'SUCCEED', at, attempt: 1 }, RULES)).toMatchObject({
      doneAt: at,
      expiresAt: new Date(at.getTime() + 600_000),
    });
  });

  it('never shortens the lifetime by a renewal', () => {
    const compose = aCompose({ state: 'DONE', expiresAt: new Date(at.getTime() + 5000) });
    expect(advance(compose, { type: 'EXTEND', at, expiresAt: at }, RULES)).toMatchObject({
      expiresAt: compose.expiresAt,
    });
  });

  it('names the viewer who canceled, and their reason', () => {
    const canceled = advance(aCompose(), { type: 'REQUEST_CANCEL', at, by: 'ann', reason: 'wrong tag' }, RULES);
    expect(canceled).toMatchObject({
      cancelRequestedBy: 'ann',
      failure: { code: 'CANCELED', message: 'Canceled by ann: wrong tag', retryable: false },
    });
  });
});
