// Losing the connection to the database while a compose is generated or published, once or repeatedly.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AttemptDeps } from '../../src/app/attempt/attempt.ts';
import { generateCompose } from '../../src/app/attempt/run.ts';
import type { ComposeStore, Engine, Results } from '../../src/app/ports.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { attemptDeps } from '../support/attempt-deps.ts';
import { aCompose } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';

let test: TestDatabase;
let database: Database;
let store: ComposeStore;
beforeEach(async () => {
  test = await createTestDatabase();
  database = await openTestDatabase(test);
  store = composeStore(database, noQueue);
});
afterEach(async () => {
  await database.close();
  await test.drop();
});

type Deps = Pick<AttemptDeps, 'store'> & {
  readonly publish?: () => Promise<void>;
  readonly generate?: Engine['generate'];
  readonly linkLatest?: Results['linkLatest'];
};

async function generate(
  id: string,
  { store: used, publish = async () => {}, generate: generating = async () => null, linkLatest = async () => {} }: Deps,
): Promise<void> {
  const source = (await store.find(id, READ_ALL))?.source ?? aCompose().source;
  const input = { source, ...(source.type === 'RAW_CONFIG' && { rawConfig: RAW }) };
  await generateCompose(
    attemptDeps({ store: used, results: { publish, linkLatest }, generate: generating, input }),
    id,
  );
}

const product = { name: 'Raw', short: 'Raw', version: '1.0', type: 'ga' };
const RAW = {
  directory: '/d',
  configFile: 'pungi.conf',
  release: { ...product, internal: false, baseProduct: null },
  kojiEvent: null,
  timeoutSeconds: null,
  arguments: [],
  koji: null,
};
const rawSource = {
  type: 'RAW_CONFIG',
  name: 'raw',
  commit: 'main',
  resolvedCommit: null,
  kojiEvent: null,
  builds: [],
  modules: [],
} as const;

const connectionLost = () => Object.assign(new Error('gone'), { code: 'ECONNRESET' });

it.each(['before', 'after'] as const)(
  'A compose is published once when the connection is lost %s the commit',
  async (when) => {
    const { id } = await store.transaction((tx) => tx.insert(aCompose(), null));
    const publish = vi.fn<() => Promise<void>>(async () => {});
    let blips = 0;
    const blip = (moment: string) => {
      if (moment !== when || publish.mock.calls.length === 0 || blips > 0) return;
      blips += 1;
      throw connectionLost();
    };
    const flaky: ComposeStore = {
      ...store,
      find: (asked) => store.find(asked, READ_ALL),
      async transaction(work) {
        const answer = await store.transaction(async (tx) => {
          const done = await work(tx);
          blip('before');
          return done;
        });
        blip('after');
        return answer;
      },
    };
    await generate(id, { store: flaky, publish });
    expect(blips).toBe(1);
    // `publish` itself checks whether it has published before.
    expect(publish).toHaveBeenCalledTimes(when === 'before' ? 2 : 1);
    expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'DONE', attempt: 1, losses: 0, engineName: 'dnf' });
  },
);

it.each([
  ['with a changed source', aCompose().source],
  ['that reserves its identity', rawSource],
] as const)(
  'An attempt %s succeeds when the connection is lost before each of its transactions',
  async (_what, source) => {
    const { id } = await store.transaction(async (tx) =>
      tx.patch(await tx.insert(aCompose({ source }), null), { digest: 'of what the source was' }),
    );
    let blips = 0;
    let isBack = true;
    const flaky: ComposeStore = {
      ...store,
      find: (asked) => store.find(asked, READ_ALL),
      async transaction(work) {
        isBack = !isBack || (await store.find(id, READ_ALL))?.state !== 'GENERATING';
        if (isBack) return store.transaction(work);
        blips += 1;
        throw connectionLost();
      },
    };
    await generate(id, { store: flaky });
    expect(blips).toBeGreaterThan(2);
    expect(await store.find(id, READ_ALL)).toMatchObject({ state: 'DONE', attempt: 1, losses: 0 });
  },
);

it('A compose fails with the reason when all its attempts lose the connection', async () => {
  const { id } = await store.transaction((tx) => tx.insert(aCompose(), null));
  const lose = () => generate(id, { store, generate: () => Promise.reject(connectionLost()) });
  await lose();
  expect(await store.find(id, READ_ALL)).toMatchObject({
    state: 'WAIT',
    losses: 1,
    stateReason: expect.stringContaining('lost the database') as string,
  });
  await lose();
  await lose();
  expect(await store.find(id, READ_ALL)).toMatchObject({
    state: 'FAILED',
    attempt: 3,
    failure: { code: 'WORKER_LOST', message: expect.stringMatching(/lost the database 3 times/) as string },
  });
});

describe('A latest-* link', () => {
  it('is updated after the commit that makes the compose DONE', async () => {
    const { id } = await store.transaction((tx) => tx.insert(aCompose({ source: rawSource }), null));
    const seen: unknown[] = [];
    const linkLatest = async () =>
      void seen.push((await test.query('select state from compose where id = $1', [id]))[0]);
    await generate(id, { store, linkLatest });
    expect(seen).toEqual([{ state: 'DONE' }]);
    expect(await store.due({ what: 'LATEST_LINKS', targetDirs: ['default'], limit: 10 })).toEqual([]);
  });

  it('is not updated for a compose whose end is rolled back', async () => {
    const { id } = await store.transaction((tx) => tx.insert(aCompose({ source: rawSource }), null));
    const linkLatest = vi.fn<() => Promise<void>>(async () => {});
    let isPublished = false;
    const failing: ComposeStore = {
      ...store,
      transaction: (work) =>
        store.transaction(async (tx) => {
          const done = await work(tx);
          if (isPublished) {
            isPublished = false;
            throw new Error('rolled back');
          }
          return done;
        }),
    };
    await generate(id, { store: failing, linkLatest, publish: async () => void (isPublished = true) });
    expect((await store.find(id, READ_ALL))?.state).toBe('FAILED');
    expect(linkLatest).not.toHaveBeenCalled();
  });

  it('is left to the sweep when updating it fails', async () => {
    const { id } = await store.transaction((tx) => tx.insert(aCompose({ source: rawSource }), null));
    await generate(id, { store, linkLatest: () => Promise.reject(new Error('the worker died')) });
    expect((await store.find(id, READ_ALL))?.state).toBe('DONE');
    expect(await store.due({ what: 'LATEST_LINKS', targetDirs: ['default'], limit: 10 })).toEqual([id]);
  });
});
