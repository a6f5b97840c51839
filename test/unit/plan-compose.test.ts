import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { composePlanner, type PlanComposeDeps } from '../../src/app/plan-compose.ts';
import type { ComposeStore, Engine, ResolvedInput } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { aViewer, REQUEST_RULES } from '../support/request-rules.ts';

const INPUT = { source: { repo: { repo: '/srv/repo', packages: ['hello'] } } };
const RESOLVED: ResolvedInput = {
  source: { type: 'REPO', repo: '/srv/repo', packages: ['hello'], revisions: ['1'] },
  fingerprint: ['1'],
  repositories: [],
  lookasides: [],
};
const LIMITS = { running: 2, waiting: 20, timeoutMs: 60_000 };

function planner(overrides: Partial<PlanComposeDeps> & { readonly reusable?: Compose | null } = {}) {
  const { reusable = null, ...rest } = overrides;
  const store = { transaction: async () => reusable, count: async () => ({ count: 3, isEstimate: false }) };
  return composePlanner({
    store: store as unknown as ComposeStore,
    packages: { pages: async () => [] },
    clock: { now: () => T0 },
    rules: REQUEST_RULES,
    resolver: { identify: async () => ({ fingerprint: [] }), resolve: async () => ({ input: RESOLVED }) },
    engineFor: async () => ({ name: 'dnf' }) as Partial<Engine> as Engine,
    forecast: async () => null,
    run: async () => {
      throw new Error('No program is run');
    },
    limits: LIMITS,
    ...rest,
  });
}

/** Rejects when the signal aborts, or at once if it has aborted. */
function untilAborted(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted();
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

async function planDirectories(): Promise<readonly string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('odcs-plan-'));
}

describe('composePlanner', () => {
  it('refuses plans beyond those that run and wait, and makes all others', async () => {
    const release = Promise.withResolvers<void>();
    const resolve = async () => {
      await release.promise;
      return { input: RESOLVED };
    };
    const plan = planner({ resolver: { identify: async () => ({ fingerprint: [] }), resolve } });
    const plans = Array.from({ length: 40 }, () => plan(aViewer('ann'), INPUT));
    const codes = plans.map(async (planned) => {
      const outcome = await planned;
      return outcome.ok ? 'PLANNED' : outcome.refusal.code;
    });
    release.resolve();
    expect(await Promise.all(codes)).toEqual([
      ...Array<string>(22).fill('PLANNED'),
      ...Array<string>(18).fill('RATE_LIMITED'),
    ]);
  });

  it('refuses a plan whose source does not answer within the limit, and deletes its directory', async () => {
    const before = await planDirectories();
    const resolve: PlanComposeDeps['resolver']['resolve'] = async (_compose, { signal }) => untilAborted(signal);
    const plan = planner({
      resolver: { identify: async () => ({ fingerprint: [] }), resolve },
      limits: { ...LIMITS, timeoutMs: 20 },
    });
    expect(await plan(aViewer('ann'), INPUT)).toMatchObject({ ok: false, refusal: { code: 'UPSTREAM_UNAVAILABLE' } });
    expect((await planDirectories()).filter((name) => !before.includes(name))).toEqual([]);
  });

  it('does not name a reused compose that the viewer may not read', async () => {
    const reusable = aCompose({ id: '4711', owner: 'bob', state: 'DONE' });
    const stranger = aViewer('ann', { mayRead: { owners: ['ann'] } });
    expect(await planner({ reusable })(aViewer('ann'), INPUT)).toMatchObject({
      value: { reuses: { id: '4711' }, reason: expect.stringContaining('4711') as string },
    });
    expect(await planner({ reusable })(stranger, INPUT)).toMatchObject({
      value: { reuses: null, reason: expect.not.stringContaining('4711') as string },
    });
  });

  it('counts the composes that wait before a compose that must be generated', async () => {
    expect(await planner()(aViewer('ann'), INPUT)).toMatchObject({
      value: { reuses: null, queuePosition: 4, source: { revisions: ['1'] }, compose: { id: '0', owner: 'ann' } },
    });
  });
});
