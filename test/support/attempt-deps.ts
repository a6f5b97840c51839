// What one attempt needs: the store of the test, and other parts that do nothing unless the test overrides them.

import { RunningAttempts } from '../../src/app/attempt/running-attempts.ts';
import type { AttemptDeps } from '../../src/app/attempt/attempt.ts';
import type { ComposeStore, Engine, ResolvedInput, Results } from '../../src/app/ports.ts';
import { aCompose } from './composes.ts';
import { silentLogger } from './logger.ts';

export interface AttemptParts extends Partial<Omit<AttemptDeps, 'results' | 'store'>> {
  readonly store: ComposeStore;
  readonly results?: Partial<Results>;
  readonly generate?: Engine['generate'];
  /** What the source resolves to. */
  readonly input?: Partial<ResolvedInput>;
}

export function attemptDeps({
  store,
  results = {},
  generate = async () => null,
  input = {},
  ...overrides
}: AttemptParts): AttemptDeps {
  const resolved: ResolvedInput = {
    source: aCompose().source,
    fingerprint: [],
    repositories: [],
    lookasides: [],
    ...input,
  };
  const nothing = async (): Promise<void> => {};
  return {
    store,
    results: {
      beginAttempt: async () => ({ directory: '/d', scratch: '/s' }),
      trashAttempt: nothing,
      trashAttempts: nothing,
      readManifest: async () => [],
      writeRepoFile: nothing,
      flushLog: nothing,
      appendLog: () => {},
      publish: nothing,
      linkLatest: nothing,
      ...results,
    } as Partial<Results> as Results,
    attempts: new RunningAttempts(),
    tracking: null,
    logger: silentLogger,
    rules: { maxLosses: 3 },
    clock: { now: () => new Date() },
    progress: { put: nothing },
    resolver: { identify: async () => ({ fingerprint: [] }), resolve: async () => ({ input: resolved }) },
    engineFor: async () => ({ name: 'dnf', generate }) as Partial<Engine> as Engine,
    checkTarget: async () => null,
    processRunner: () => async () => {
      throw new Error('No program is run');
    },
    registerProcessGroup: nothing,
    forgetProcessGroups: nothing,
    workerId: '00000000-0000-4000-8000-000000000001',
    timeoutSeconds: () => 60,
    ...overrides,
  };
}
