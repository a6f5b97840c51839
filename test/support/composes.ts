// Composes for tests.

import { newCompose, type Compose, type Lifecycle } from '../../src/compose/compose.ts';
import { failure } from '../../src/compose/failure.ts';
import type { LifecycleEvent } from '../../src/compose/lifecycle-event.ts';

export const T0 = new Date('2026-11-22T10:00:00.000Z');

/** A compose in WAIT, with other fields where a test needs them. */
export function aCompose(overrides: Partial<Compose> = {}): Compose {
  const accepted = {
    owner: 'anonymous',
    idempotencyKey: null,
    source: { type: 'REPO', repo: '/srv/repo', packages: [], revisions: null },
    secondsToLive: 3600,
    arches: ['x86_64'],
    flags: [],
    results: ['REPOSITORY'],
    sigkeys: [],
    multilibArches: [],
    multilibMethods: [],
    lookasideRepos: [],
    composeType: 'TEST',
    label: null,
    targetDir: 'default',
    parentPungiComposeIds: [],
    respinOf: null,
    submittedAt: T0,
    expiresAt: new Date(T0.getTime() + 3_600_000),
    stateReason: 'Waiting for a worker',
  } as const;
  return { ...newCompose('42', accepted), ...overrides };
}

/** One event of each type, from the worker of `attempt`. */
export function everyEvent(at: Date, attempt: number): LifecycleEvent[] {
  return [
    { type: 'BEGIN', at, workerId: '00000000-0000-4000-8000-000000000001' },
    { type: 'SHARE', at, reused: '7' },
    { type: 'TAKE_OVER', at },
    { type: 'FOLLOW', at, reused: '8' },
    { type: 'LOSE', at, attempt, lost: 'WORKER' },
    { type: 'HAND_BACK', at, attempt },
    { type: 'REQUEST_CANCEL', at, by: 'someone', reason: 'a test' },
    { type: 'CANCELED', at, attempt },
    { type: 'SUCCEED', at, attempt },
    { type: 'FAIL', at, attempt, failure: failure('ENGINE_FAILED', 'It broke') },
    { type: 'GIVE_UP', at },
    { type: 'EXTEND', at, expiresAt: new Date(at.getTime() + 86_400_000) },
    { type: 'PIN', at },
    { type: 'UNPIN', at },
    { type: 'BEGIN_REMOVAL', at, by: 'someone', reason: null },
    { type: 'REMOVED', at },
  ];
}

export interface Situation {
  readonly compose: Compose;
  readonly leads: Partial<Record<LifecycleEvent['type'], Lifecycle['state']>>;
}

/** The situations of a compose, with the state that each allowed event leads to. All other events are refused. */
export const SITUATIONS: Record<string, Situation> = {
  waiting: {
    compose: aCompose(),
    leads: {
      PIN: 'WAIT',
      UNPIN: 'WAIT',
      BEGIN: 'GENERATING',
      SHARE: 'GENERATING',
      REQUEST_CANCEL: 'FAILED',
      GIVE_UP: 'FAILED',
    },
  },
  generating: {
    compose: aCompose({ state: 'GENERATING', attempt: 2 }),
    leads: {
      PIN: 'GENERATING',
      UNPIN: 'GENERATING',
      REQUEST_CANCEL: 'GENERATING',
      SUCCEED: 'DONE',
      FAIL: 'FAILED',
      LOSE: 'WAIT',
      HAND_BACK: 'WAIT',
    },
  },
  'generating, cancel requested': {
    compose: aCompose({ state: 'GENERATING', attempt: 2, cancelRequestedAt: T0, cancelRequestedBy: 'someone' }),
    leads: {
      PIN: 'GENERATING',
      UNPIN: 'GENERATING',
      CANCELED: 'FAILED',
      FAIL: 'FAILED',
      LOSE: 'FAILED',
      HAND_BACK: 'FAILED',
    },
  },
  'generating, with its last loss left': {
    compose: aCompose({ state: 'GENERATING', attempt: 5, losses: 2 }),
    leads: {
      PIN: 'GENERATING',
      UNPIN: 'GENERATING',
      REQUEST_CANCEL: 'GENERATING',
      SUCCEED: 'DONE',
      FAIL: 'FAILED',
      LOSE: 'FAILED',
      HAND_BACK: 'WAIT',
    },
  },
  'generating, with its last attempt': {
    compose: aCompose({ state: 'GENERATING', attempt: 100 }),
    leads: {
      PIN: 'GENERATING',
      UNPIN: 'GENERATING',
      REQUEST_CANCEL: 'GENERATING',
      SUCCEED: 'DONE',
      FAIL: 'FAILED',
      LOSE: 'WAIT',
      HAND_BACK: 'FAILED',
    },
  },
  sharing: {
    compose: aCompose({ state: 'GENERATING', reuses: '7' }),
    leads: {
      PIN: 'GENERATING',
      UNPIN: 'GENERATING',
      REQUEST_CANCEL: 'FAILED',
      SUCCEED: 'DONE',
      FAIL: 'FAILED',
      TAKE_OVER: 'WAIT',
      FOLLOW: 'GENERATING',
    },
  },
  done: {
    compose: aCompose({ state: 'DONE', doneAt: T0 }),
    leads: { PIN: 'DONE', UNPIN: 'DONE', EXTEND: 'DONE', BEGIN_REMOVAL: 'DONE' },
  },
  'done, being removed': {
    compose: aCompose({ state: 'DONE', removingAt: T0, removedBy: 'someone' }),
    leads: { REMOVED: 'REMOVED' },
  },
  failed: { compose: aCompose({ state: 'FAILED', doneAt: T0 }), leads: { UNPIN: 'FAILED', BEGIN_REMOVAL: 'FAILED' } },
  'failed, being removed': {
    compose: aCompose({ state: 'FAILED', removingAt: T0, removedBy: 'system' }),
    leads: { REMOVED: 'REMOVED' },
  },
  removed: { compose: aCompose({ state: 'REMOVED', removingAt: T0 }), leads: {} },
};
