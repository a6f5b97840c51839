// Composes as the tests need them: every field filled in, anything can be said otherwise.

import type { Compose } from '../../src/compose/compose.ts';
import type { LifecycleEvent } from '../../src/compose/machine.ts';
import { failure } from '../../src/compose/failure.ts';

export const T0 = new Date('2026-11-22T10:00:00.000Z');

export function aCompose(overrides: Partial<Compose> = {}): Compose {
  return {
    id: '42',
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
    pungiComposeId: null,
    pungiConfigDump: null,
    submittedAt: T0,
    seq: 1,
    state: 'WAIT',
    stateReason: 'Waits for a worker',
    failure: null,
    attempt: 0,
    losses: 0,
    workerId: null,
    startedAt: null,
    doneAt: null,
    removedAt: null,
    expiresAt: new Date(T0.getTime() + 3_600_000),
    removedBy: null,
    cancelRequestedAt: null,
    cancelRequestedBy: null,
    cancelReason: null,
    reuses: null,
    removingAt: null,
    ...overrides,
  };
}

/** One of each kind of event, as the worker that holds `attempt` would send it. */
export function everyEvent(at: Date, attempt: number): LifecycleEvent[] {
  return [
    { type: 'BEGIN', at, workerId: '00000000-0000-4000-8000-000000000001' },
    { type: 'SHARE', at, root: '7' },
    { type: 'TAKE_OVER', at },
    { type: 'FOLLOW', at, root: '8' },
    { type: 'LOSE', at, attempt },
    { type: 'HAND_BACK', at, attempt },
    { type: 'REQUEST_CANCEL', at, by: 'someone', reason: 'a test' },
    { type: 'CANCELED', at, attempt },
    { type: 'SUCCEED', at, attempt },
    { type: 'FAIL', at, attempt, failure: failure('ENGINE_FAILED', 'It broke') },
    { type: 'GIVE_UP', at },
    { type: 'EXTEND', at, expiresAt: new Date(at.getTime() + 86_400_000) },
    { type: 'BEGIN_REMOVAL', at, by: 'someone', reason: null },
    { type: 'REMOVED', at },
  ];
}
