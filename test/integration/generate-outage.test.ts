// Attempts during outages of the database.

import { describe, expect, vi } from 'vitest';
import { generateCompose } from '../../src/app/attempt/run.ts';
import type { ComposeStore, Engine, ProcessGroup, Results } from '../../src/app/ports.ts';
import { failure } from '../../src/compose/failure.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { attemptDeps } from '../support/attempt-deps.ts';
import { aCompose } from '../support/composes.ts';
import { databaseTest as it } from '../support/fixtures.ts';

const RAW_SOURCE = {
  type: 'RAW_CONFIG',
  name: 'raw',
  commit: 'main',
  resolvedCommit: null,
  kojiEvent: null,
  builds: [],
  modules: [],
} as const;
const RAW_INPUT = {
  directory: '/d',
  configFile: 'pungi.conf',
  release: { name: 'Raw', short: 'Raw', version: '1.0', type: 'ga', internal: false, baseProduct: null },
  kojiEvent: null,
  timeoutSeconds: null,
  arguments: [],
  koji: null,
};

function connectionLoss(): Error {
  return Object.assign(new Error('The connection was lost'), { code: 'ECONNRESET' });
}

async function waiting(store: ComposeStore, source = aCompose().source, digest?: string): Promise<string> {
  return store.transaction(async (tx) => {
    const compose = await tx.insert(aCompose({ source }), null);
    if (digest !== undefined) await tx.patch(compose, { digest });
    return compose.id;
  });
}

/** Loses the connection when `isLost` says so, before the commit or after it. */
function losing(store: ComposeStore, when: 'before' | 'after', isLost: () => boolean): ComposeStore {
  return {
    ...store,
    async transaction(work) {
      const answer = await store.transaction(async (tx) => {
        const done = await work(tx);
        if (when === 'before' && isLost()) throw connectionLoss();
        return done;
      });
      if (when === 'after' && isLost()) throw connectionLoss();
      return answer;
    },
  };
}

/** True in the nth call. */
function nth(n: number): () => boolean {
  let calls = 0;
  return () => (calls += 1) === n;
}

interface Overrides {
  readonly publish?: () => Promise<void>;
  readonly generate?: Engine['generate'];
  readonly linkLatest?: Results['linkLatest'];
}

/** One attempt whose transactions go through `flaky`. */
async function generate(
  store: ComposeStore,
  id: string,
  flaky: ComposeStore,
  { publish = async () => {}, generate: run = async () => null, linkLatest = async () => {} }: Overrides = {},
): Promise<void> {
  const source = (await store.find(id, READ_ALL))?.source ?? aCompose().source;
  const input = { source, ...(source.type === 'RAW_CONFIG' && { rawConfig: RAW_INPUT }) };
  await generateCompose(attemptDeps({ store: flaky, results: { publish, linkLatest }, generate: run, input }), id);
}

describe('A short outage costs no attempt', () => {
  it.for([
    ['while the resolved source is stored', 2, 'before'],
    ['while the resolved source is stored', 2, 'after'],
    ['while the compose is published', 3, 'before'],
  ] as const)('%s (transaction %i, %s its commit)', async ([_title, transaction, when], { store }) => {
    const id = await waiting(store);
    const source = { type: 'REPO', repo: '/srv/repo', packages: [], revisions: ['4711'] } as const;
    const run = vi.fn<Engine['generate']>(async () => null);
    const flaky = losing(store, when, nth(transaction));
    await generateCompose(attemptDeps({ store: flaky, generate: run, input: { source } }), id);
    expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'DONE', attempt: 1, losses: 0, source });
    expect(run).toHaveBeenCalledOnce();
  });

  it.for(['before', 'after'] as const)(
    'while its failure is stored (%s the commit)',
    async (when, { store, server }) => {
      const id = await waiting(store);
      const fails = async () => failure('ENGINE_FAILED', 'Pungi failed');
      await generate(store, id, losing(store, when, nth(3)), { generate: fails });
      expect(await store.find(id, READ_ALL)).toMatchObject({ attempt: 1, failure: { code: 'ENGINE_FAILED' } });
      const events = await server.query("select 1 from compose_event where compose_id = $1 and to_state = 'FAILED'", [
        id,
      ]);
      expect(events).toHaveLength(1);
    },
  );

  it('while a process group is registered', async ({ store }) => {
    const id = await waiting(store);
    const group: ProcessGroup = { pgid: 4711, startTime: '1', bootId: 'b', host: 'h' };
    const registerProcessGroup = vi
      .fn<() => Promise<void>>()
      .mockRejectedValueOnce(connectionLoss())
      .mockResolvedValue();
    const run: Engine['generate'] = async (generation) => {
      await generation.registerProcessGroup(group);
      return null;
    };
    await generateCompose(attemptDeps({ store, registerProcessGroup, generate: run }), id);
    expect(registerProcessGroup).toHaveBeenCalledTimes(2);
    expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'DONE', attempt: 1, losses: 0 });
  });

  it.for([
    ['whose source changed', aCompose().source],
    ['of a raw configuration', RAW_SOURCE],
  ] as const)('before each transaction of an attempt %s', async ([_title, source], { store }) => {
    const id = await waiting(store, source, 'of the former content');
    let outages = 0;
    let isUp = true;
    const flaky: ComposeStore = {
      ...store,
      async transaction(work) {
        isUp = !isUp || (await store.find(id, READ_ALL))?.state !== 'GENERATING';
        if (isUp) return store.transaction(work);
        outages += 1;
        throw connectionLoss();
      },
    };
    await generate(store, id, flaky);
    expect(outages).toBeGreaterThan(2);
    expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'DONE', attempt: 1, losses: 0 });
  });

  it.for(['before', 'after'] as const)('and publishes once if it comes %s the commit', async (when, { store }) => {
    const id = await waiting(store);
    const publish = vi.fn<() => Promise<void>>(async () => {});
    let outages = 0;
    const isLost = () => publish.mock.calls.length > 0 && (outages += 1) === 1;
    await generate(store, id, losing(store, when, isLost), { publish });
    // The second call of `publish` finds the directory renamed already.
    expect(publish).toHaveBeenCalledTimes(when === 'before' ? 2 : 1);
    expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'DONE', attempt: 1, losses: 0, engineName: 'dnf' });
  });
});

describe('An attempt that loses the database', () => {
  it('returns the compose to WAIT, and after too many losses fails it with the reason', async ({ store }) => {
    const id = await waiting(store);
    const lose = () => generate(store, id, store, { generate: () => Promise.reject(connectionLoss()) });
    await lose();
    expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'WAIT', losses: 1 });
    await lose();
    await lose();
    expect(await store.find(id, READ_ALL)).toMatchObject({
      state: 'FAILED',
      attempt: 3,
      failure: { code: 'WORKER_LOST', message: expect.stringContaining('database') as string },
    });
  });
});

describe('A latest-* link', () => {
  it('is updated after the commit that makes the compose DONE', async ({ store, server }) => {
    const id = await waiting(store, RAW_SOURCE);
    const seen: unknown[] = [];
    const linkLatest = async () =>
      void seen.push(...(await server.query('select state from compose where id = $1', [id])));
    await generate(store, id, store, { linkLatest });
    expect(seen).toEqual([{ state: 'DONE' }]);
    expect(await store.due({ what: 'LATEST_LINKS', targetDirs: ['default'], limit: 10 })).toEqual([]);
  });

  it('is not updated if that commit fails', async ({ store }) => {
    const id = await waiting(store, RAW_SOURCE);
    const linkLatest = vi.fn<() => Promise<void>>(async () => {});
    let isPublished = false;
    const failing: ComposeStore = {
      ...store,
      transaction: (work) =>
        store.transaction(async (tx) => {
          const done = await work(tx);
          if (!isPublished) return done;
          isPublished = false;
          throw new Error('The commit failed');
        }),
    };
    await generate(store, id, failing, { linkLatest, publish: async () => void (isPublished = true) });
    expect((await store.find(id, READ_ALL))?.state).toBe('FAILED');
    expect(linkLatest).not.toHaveBeenCalled();
  });

  it('is due if it could not be updated', async ({ store }) => {
    const id = await waiting(store, RAW_SOURCE);
    await generate(store, id, store, { linkLatest: () => Promise.reject(new Error('The worker died')) });
    expect((await store.find(id, READ_ALL))?.state).toBe('DONE');
    expect(await store.due({ what: 'LATEST_LINKS', targetDirs: ['default'], limit: 10 })).toEqual([id]);
  });
});
