import { describe, expect, vi } from 'vitest';
import { generateCompose } from '../../src/app/attempt/run.ts';
import { RunningAttempts } from '../../src/app/attempt/running-attempts.ts';
import {
  StorageError,
  UpstreamInterrupted,
  type ComposeStore,
  type Engine,
  type SourceResolver,
} from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { failure, type ComposeFailure } from '../../src/compose/failure.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { attemptDeps } from '../support/attempt-deps.ts';
import { aCompose } from '../support/composes.ts';
import { databaseTest as it } from '../support/fixtures.ts';

const FULL = failure('STORAGE', 'The target directory default is full');

async function waiting(store: ComposeStore): Promise<string> {
  return (await store.transaction((tx) => tx.insert(aCompose(), null))).id;
}

async function failureOf(store: ComposeStore, id: string): Promise<ComposeFailure | null | undefined> {
  return (await store.find(id, READ_ALL))?.failure;
}

/** Usable when the attempt begins, and full later. */
function fullLater() {
  return vi.fn<() => Promise<ComposeFailure | null>>().mockResolvedValueOnce(null).mockResolvedValue(FULL);
}

function resolverOf(resolve: SourceResolver['resolve']): SourceResolver {
  return { identify: async () => ({ fingerprint: [] }), resolve };
}

/** Rejects when the signal aborts, or at once if it has aborted. */
async function untilAborted(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted();
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

describe('generateCompose', () => {
  it('begins nothing for a target directory that cannot be used, so that the job returns to the queue', async ({
    store,
  }) => {
    const id = await waiting(store);
    await expect(generateCompose(attemptDeps({ store, checkTarget: async () => FULL }), id)).rejects.toThrow(
      StorageError,
    );
    expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'WAIT', attempt: 0 });
  });

  it('begins nothing while the worker stops, so that the job returns to the queue', async ({ store }) => {
    const id = await waiting(store);
    const attempts = new RunningAttempts();
    attempts.close();
    await expect(generateCompose(attemptDeps({ store, attempts }), id)).rejects.toThrow('stopping');
    expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'WAIT', attempt: 0 });
  });
});

describe('A superseded attempt', () => {
  it('does not change the source of the compose', async ({ store, server }) => {
    const id = await waiting(store);
    const resolver = resolverOf(async () => {
      await server.query('update compose set attempt = 2 where id = $1', [id]);
      const source = { ...aCompose().source, repo: '/stale' } as Compose['source'];
      return { input: { source, fingerprint: [], repositories: [], lookasides: [] } };
    });
    await generateCompose(attemptDeps({ store, resolver }), id);
    expect(await store.find(id, READ_ALL)).toMatchObject({
      state: 'GENERATING',
      attempt: 2,
      source: { repo: '/srv/repo' },
    });
  });
});

describe('A target directory that became full', () => {
  it('is the reason when the engine fails for any reason', async ({ store }) => {
    const id = await waiting(store);
    const generate = async () => failure('ENGINE_FAILED', 'Pungi failed', 'No space left on device');
    await generateCompose(attemptDeps({ store, checkTarget: fullLater(), generate }), id);
    expect(await failureOf(store, id)).toEqual({ ...FULL, details: 'No space left on device' });
  });

  it('is the reason when an error ends the attempt', async ({ store }) => {
    const id = await waiting(store);
    const resolver = resolverOf(async () => {
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    });
    await generateCompose(attemptDeps({ store, checkTarget: fullLater(), resolver }), id);
    expect(await failureOf(store, id)).toEqual(FULL);
  });

  it('is the reason when its check rejects', async ({ store }) => {
    const id = await waiting(store);
    const checkTarget = fullLater().mockReset().mockResolvedValueOnce(null).mockRejectedValue(new StorageError(FULL));
    const generate = async () => {
      throw new Error('EIO: i/o error, read');
    };
    await generateCompose(attemptDeps({ store, checkTarget, generate }), id);
    expect(await failureOf(store, id)).toEqual(FULL);
  });

  it('is not the reason when the request caused the failure', async ({ store }) => {
    const id = await waiting(store);
    const generate = async () => failure('MISSING_PACKAGES', 'Not in the source: nano');
    await generateCompose(attemptDeps({ store, checkTarget: fullLater(), generate }), id);
    expect((await failureOf(store, id))?.code).toBe('MISSING_PACKAGES');
  });
});

describe('A time-out', () => {
  it('names the source that was being resolved', async ({ store }) => {
    const id = await waiting(store);
    const resolver = resolverOf((_compose, { signal }) => untilAborted(signal));
    await generateCompose(attemptDeps({ store, resolver, timeoutSeconds: () => 0.02 }), id);
    const failed = await failureOf(store, id);
    expect(failed).toMatchObject({ code: 'TIMED_OUT', retryable: true });
    expect(failed?.message).toContain('REPO /srv/repo');
  });

  it('names the service that had not answered', async ({ store }) => {
    const id = await waiting(store);
    const resolver = resolverOf((_compose, { signal }) =>
      untilAborted(signal).catch((reason: unknown) => {
        throw new UpstreamInterrupted('MBS at https://mbs.example', reason);
      }),
    );
    await generateCompose(attemptDeps({ store, resolver, timeoutSeconds: () => 0.02 }), id);
    const failed = await failureOf(store, id);
    expect(failed).toMatchObject({ code: 'TIMED_OUT', retryable: true });
    expect(failed?.message).toContain('MBS at https://mbs.example');
  });

  it('names the last phase of the engine', async ({ store }) => {
    const id = await waiting(store);
    const generate: Engine['generate'] = ({ progress, signal }) => {
      progress(40, 'GATHER');
      return untilAborted(signal);
    };
    await generateCompose(attemptDeps({ store, generate, timeoutSeconds: () => 0.5 }), id);
    const failed = await failureOf(store, id);
    expect(failed).toMatchObject({ code: 'TIMED_OUT', retryable: true });
    expect(failed?.message).toContain('GATHER');
  });
});
