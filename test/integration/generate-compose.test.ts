// One attempt where something around it fails: the database for a moment, the target directory, the worker, the source.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { RunningAttempts } from '../../src/app/attempt/running-attempts.ts';
import { generateCompose } from '../../src/app/attempt/run.ts';
import {
  StorageError,
  type ComposeStore,
  type Engine,
  type ProcessGroup,
  type SourceResolver,
  UpstreamInterrupted,
} from '../../src/app/ports.ts';
import { detachReusers } from '../../src/app/detach-reusers.ts';
import { reuseResult } from '../../src/app/reuse-result.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { failure } from '../../src/compose/failure.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { attemptDeps } from '../support/attempt-deps.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, openTestDatabase, type TestDatabase } from '../support/database.ts';

let test: TestDatabase;
let database: Database;
let store: ComposeStore;
const sent: string[] = [];

beforeAll(async () => {
  test = await createTestDatabase();
  database = await openTestDatabase(test);
  store = composeStore(database, {
    send: async (_run, compose, lane) => void sent.push(`${lane} ${compose.id}`),
  });
});
afterAll(async () => {
  await database.close();
  await test.drop();
});

const gone = () => Object.assign(new Error('gone'), { code: 'ECONNRESET' });
const full = failure('STORAGE', 'The target directory default is full');
const engineFailed = () => Promise.resolve(failure('ENGINE_FAILED', 'Pungi failed', 'No space left on device'));

async function waiting(digest: string | null = null): Promise<string> {
  return store.transaction(async (tx) => {
    const compose = await tx.insert(aCompose(), null);
    if (digest !== null) await tx.patch(compose, { digest });
    return compose.id;
  });
}

/** Loses the connection in the nth transaction, before it is committed or after. */
function losing(nth: number, when: 'before' | 'after'): ComposeStore {
  let count = 0;
  return {
    ...store,
    async transaction(work) {
      count += 1;
      const isLost = count === nth;
      const answer = await store.transaction(async (tx) => {
        const done = await work(tx);
        if (isLost && when === 'before') throw gone();
        return done;
      });
      if (isLost && when === 'after') throw gone();
      return answer;
    },
  };
}

describe('a database that is lost for a moment costs no attempt', () => {
  it.each([
    ['what the source resolved to is stored', 2, 'before'],
    ['what the source resolved to is stored', 2, 'after'],
    ['it is published', 3, 'before'],
  ] as const)('while %s (transaction %i, %s its commit)', async (_what, nth, when) => {
    const id = await waiting();
    const generate = vi.fn<Engine['generate']>(async () => null);
    const source = { type: 'REPO', repo: '/srv/repo', packages: [], revisions: ['4711'] } as const;
    await generateCompose(attemptDeps({ store: losing(nth, when), generate, input: { source } }), id);
    expect(await store.find(id, READ_ALL)).toMatchObject({
      state: 'DONE',
      attempt: 1,
      losses: 0,
      source: { revisions: ['4711'] },
    });
    expect(generate).toHaveBeenCalledOnce();
  });

  it('while the group of an engine is registered', async () => {
    const id = await waiting();
    const group: ProcessGroup = { pgid: 4711, startTime: '1', bootId: 'b', host: 'h' };
    const registerProcessGroup = vi.fn<() => Promise<void>>().mockRejectedValueOnce(gone()).mockResolvedValue();
    await generateCompose(
      attemptDeps({
        store,
        registerProcessGroup,
        generate: async (generation) => (await generation.registerProcessGroup(group), null),
      }),
      id,
    );
    expect(registerProcessGroup).toHaveBeenCalledTimes(2);
    expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'DONE', attempt: 1, losses: 0 });
  });

  it.each(['before', 'after'] as const)('while it is stored how the attempt ended (%s the commit)', async (when) => {
    const id = await waiting();
    await generateCompose(attemptDeps({ store: losing(3, when), generate: engineFailed }), id);
    expect(await store.find(id, READ_ALL)).toMatchObject({
      state: 'FAILED',
      attempt: 1,
      failure: { code: 'ENGINE_FAILED' },
    });
    expect(
      await test.query("select 1 from compose_event where compose_id = $1 and to_state = 'FAILED'", [id]),
    ).toHaveLength(1);
  });
});

it('an attempt that was taken over meanwhile leaves what the compose is made from alone', async () => {
  const id = await waiting();
  const resolve = async () => {
    await test.query('update compose set attempt = 2 where id = $1', [id]);
    const source = { ...aCompose().source, repo: '/stale' } as Compose['source'];
    return { input: { source, fingerprint: [], repositories: [], lookasides: [] } };
  };
  await generateCompose(attemptDeps({ store, resolver: { identify: async () => ({ fingerprint: [] }), resolve } }), id);
  expect(await store.find(id, READ_ALL)).toMatchObject({
    state: 'GENERATING',
    attempt: 2,
    source: { repo: '/srv/repo' },
  });
});

describe('a target directory that cannot be used', () => {
  it('has nothing begun for it: the job goes back, and no attempt is counted', async () => {
    const id = await waiting();
    await expect(generateCompose(attemptDeps({ store, checkTarget: async () => full }), id)).rejects.toThrow(
      StorageError,
    );
    expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'WAIT', attempt: 0 });
  });

  it('is what made an engine fail while it ran, whatever that says', async () => {
    const id = await waiting();
    const checkTarget = vi.fn<() => Promise<typeof full | null>>().mockResolvedValueOnce(null).mockResolvedValue(full);
    await generateCompose(attemptDeps({ store, checkTarget, generate: engineFailed }), id);
    expect((await store.find(id, READ_ALL))?.failure).toEqual({ ...full, details: 'No space left on device' });
  });

  it('is not blamed for what the engine knows itself', async () => {
    const id = await waiting();
    const checkTarget = vi.fn<() => Promise<typeof full | null>>().mockResolvedValueOnce(null).mockResolvedValue(full);
    await generateCompose(
      attemptDeps({ store, checkTarget, generate: async () => failure('MISSING_PACKAGES', 'Not in the source: nano') }),
      id,
    );
    expect((await store.find(id, READ_ALL))?.failure?.code).toBe('MISSING_PACKAGES');
  });
});

it('a worker that stops begins nothing more: the job goes back', async () => {
  const id = await waiting();
  const attempts = new RunningAttempts();
  attempts.close();
  await expect(generateCompose(attemptDeps({ store, attempts }), id)).rejects.toThrow('stopping');
  expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'WAIT', attempt: 0 });
});

describe('an attempt that takes too long', () => {
  /** Rejects when the signal aborts, or at once if it has aborted. */
  async function aborted(signal: AbortSignal): Promise<never> {
    signal.throwIfAborted();
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  }

  it('names the source that it was resolving', async () => {
    const id = await waiting();
    const resolver: SourceResolver = {
      identify: async () => ({ fingerprint: [] }),
      resolve: (_compose, { signal }) => aborted(signal),
    };
    await generateCompose(attemptDeps({ store, resolver, timeoutSeconds: () => 0.02 }), id);
    const failed = (await store.find(id, READ_ALL))?.failure;
    expect(failed).toMatchObject({ code: 'TIMED_OUT', retryable: true });
    expect(failed?.message).toContain('REPO /srv/repo');
  });

  it('names the service that had not answered', async () => {
    const id = await waiting();
    const resolver: SourceResolver = {
      identify: async () => ({ fingerprint: [] }),
      resolve: (_compose, { signal }) =>
        aborted(signal).catch((reason: unknown) => {
          throw new UpstreamInterrupted('MBS at https://mbs.example', reason);
        }),
    };
    await generateCompose(attemptDeps({ store, resolver, timeoutSeconds: () => 0.02 }), id);
    const failed = (await store.find(id, READ_ALL))?.failure;
    expect(failed).toMatchObject({ code: 'TIMED_OUT', retryable: true });
    expect(failed?.message).toContain('MBS at https://mbs.example');
  });

  it('names the last phase of the engine', async () => {
    const id = await waiting();
    const generate: Engine['generate'] = ({ progress, signal }) => {
      progress(40, 'GATHER');
      return aborted(signal);
    };
    await generateCompose(attemptDeps({ store, generate, timeoutSeconds: () => 0.5 }), id);
    const failed = (await store.find(id, READ_ALL))?.failure;
    expect(failed).toMatchObject({ code: 'TIMED_OUT', retryable: true });
    expect(failed?.message).toContain('GATHER');
  });
});

describe('a source that changed since it was looked at', () => {
  const deps = () => ({ store, clock: { now: () => T0 }, rules: { maxLosses: 3 } });

  async function sharing(digest: string): Promise<{ root: Compose; sharer: string }> {
    const id = await waiting(digest);
    const sharer = await waiting();
    await test.query("update compose set state = 'GENERATING', attempt = 1, started_at = now() where id = $1", [id]);
    await store.transaction(async (tx) => {
      const locked = await tx.lock(sharer);
      if (locked) await reuseResult(deps(), tx, locked, digest);
    });
    const root = await store.find(id, READ_ALL);
    if (!root) throw new Error('it was there');
    return { root, sharer };
  }

  it('is generated for its own compose alone: those that shared it look for themselves, and nobody joins any more', async () => {
    const id = await waiting('as it was');
    let sharer = '';
    const resolve = async () => {
      sharer = await waiting();
      await store.transaction(async (tx) => {
        const locked = await tx.lock(sharer);
        if (locked) await reuseResult(deps(), tx, locked, 'as it was');
      });
      return { input: { source: aCompose().source, fingerprint: ['as it is'], repositories: [], lookasides: [] } };
    };
    await generateCompose(
      attemptDeps({ store, resolver: { identify: async () => ({ fingerprint: [] }), resolve } }),
      id,
    );
    expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'DONE', attempt: 1 });
    expect(await store.find(sharer, READ_ALL)).toMatchObject({ state: 'WAIT', reuses: null });
    expect(sent).toContain(`prepare ${sharer}`);
    await store.transaction(async (tx) => expect(await tx.findReusable('as it was')).toBeNull());
  });

  it.each([
    ['has ended', "state = 'DONE', done_at = now()"],
    ['was taken over', 'attempt = 2'],
  ])('changes nothing for those who share with an attempt that %s', async (_what, change) => {
    const digest = `digest of one that ${change}`;
    const { root, sharer } = await sharing(digest);
    await test.query(`update compose set ${change} where id = $1`, [root.id]);
    await detachReusers(deps(), root);
    expect((await store.find(root.id, READ_ALL))?.digest).toBe(digest);
    expect(await store.find(sharer, READ_ALL)).toMatchObject({ state: 'GENERATING', reuses: root.id });
  });
});
