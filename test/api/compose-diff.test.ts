// composeDiff over HTTP, on packages in a real database.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeCompose } from '../../src/app/change-compose.ts';
import { diffComposes } from '../../src/app/diff-composes.ts';
import type { ComposeStore, PackageRecord } from '../../src/app/ports.ts';
import type { Api } from '../../src/app/api.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { packageStore } from '../../src/store/package-store.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { createTestDatabase, noQueue, openTestDatabase, type TestDatabase } from '../support/database.ts';
import { startTestServer, type TestServer } from '../support/http.ts';
import { InMemoryApi } from '../support/in-memory-api.ts';
import { longestTurn } from '../support/longest-turn.ts';

const DIFF = `query ($from: ID!, $to: ID!) { composeDiff(from: $from, to: $to) {
  added { nevra name arch sourceNevra sigkey path sizeBytes } removed { nevra } upgraded { name arch from to } downgraded { name arch from to } } }`;

let test: TestDatabase;
let database: Database;
let store: ComposeStore;
let server: TestServer;

beforeAll(async () => {
  test = await createTestDatabase();
  database = await openTestDatabase(test);
  store = composeStore(database, noQueue);
  const packages = packageStore(database.run);
  const memory = new InMemoryApi();
  const api: Api = {
    create: (viewer, input) => memory.create(viewer, input),
    cancel: (viewer, request) => memory.cancel(viewer, request),
    remove: (viewer, request) => memory.remove(viewer, request),
    renew: (viewer, input) => memory.renew(viewer, input),
    estimate: async () => null,
    pin: (viewer, input) => memory.pin(viewer, input),
    unpin: (viewer, input) => memory.unpin(viewer, input),
    plan: (viewer, input) => memory.plan(viewer, input),
    diff: (viewer, from, to) => diffComposes({ store, packages }, viewer, from, to),
    store,
    packages,
    events: memory.events,
    feed: memory.feed,
    progress: memory.progress,
    results: memory.results,
    engines: memory.engines,
    cursors: memory.cursors,
    clock: memory.clock,
    settings: memory.settings,
  };
  server = await startTestServer(api);
});
afterAll(async () => {
  await server.stop();
  await database.close();
  await test.drop();
});

/** `name-[epoch:]version-release.arch`, in the tree that is named. */
function record(nevra: string, treeArch = 'x86_64', category: PackageRecord['category'] = 'binary'): PackageRecord {
  const [, name = '', arch = ''] = /^(.+)-\d+:[^-]+-[^-]+\.([^.]+)$/.exec(nevra) ?? [];
  return {
    nevra,
    name,
    arch,
    sourceNevra: null,
    sigkey: null,
    path: `Temporary/${treeArch}/${category}/${nevra}.rpm`,
    sizeBytes: 1,
    treeArch,
    category,
  };
}

async function done(packages: readonly PackageRecord[]): Promise<string> {
  return store.transaction(async (tx) => {
    const { id } = await tx.insert(aCompose(), null);
    for (const event of [
      { type: 'BEGIN', at: T0, workerId: '00000000-0000-4000-8000-000000000001' },
      { type: 'SUCCEED', at: T0, attempt: 1 },
    ] as const) {
      const compose = await tx.lock(id);
      if (compose) await changeCompose(tx, compose, { event, by: 'system' }, { maxLosses: 3 });
    }
    await tx.insertPackages(id, packages);
    return id;
  });
}

async function diff(from: string, to: string) {
  const { data, errors } = await server.query(DIFF, { from, to });
  return { diff: data?.['composeDiff'], error: errors?.[0] };
}

describe('composeDiff', () => {
  it('tells what was added, removed, upgraded and downgraded, by rpm’s order of versions', async () => {
    const from = await done(
      [
        'same-0:1-1.noarch',
        'gone-0:1-1.x86_64',
        'up-0:1.9-1.x86_64',
        'down-0:2.0-1.x86_64',
        'epoch-0:9-1.x86_64',
        'tilde-0:1.0~rc1-1.x86_64',
        'caret-0:1.0^git1-1.x86_64',
      ].map((nevra) => record(nevra)),
    );
    const to = await done(
      [
        'same-0:1-1.noarch',
        'new-0:1-1.x86_64',
        'up-0:1.10-1.x86_64',
        'down-0:1.5-1.x86_64',
        'epoch-1:1-1.x86_64',
        'tilde-0:1.0-1.x86_64',
        'caret-0:1.0-1.x86_64',
      ].map((nevra) => record(nevra)),
    );
    expect((await diff(from, to)).diff).toEqual({
      added: [
        {
          nevra: 'new-0:1-1.x86_64',
          name: 'new',
          arch: 'x86_64',
          sourceNevra: null,
          sigkey: null,
          path: 'Temporary/x86_64/binary/new-0:1-1.x86_64.rpm',
          sizeBytes: 1,
        },
      ],
      removed: [{ nevra: 'gone-0:1-1.x86_64' }],
      upgraded: [
        { name: 'epoch', arch: 'x86_64', from: '9-1', to: '1:1-1' },
        { name: 'tilde', arch: 'x86_64', from: '1.0~rc1-1', to: '1.0-1' },
        { name: 'up', arch: 'x86_64', from: '1.9-1', to: '1.10-1' },
      ],
      downgraded: [
        { name: 'caret', arch: 'x86_64', from: '1.0^git1-1', to: '1.0-1' },
        { name: 'down', arch: 'x86_64', from: '2.0-1', to: '1.5-1' },
      ],
    });
    expect((await diff(from, from)).diff).toEqual({ added: [], removed: [], upgraded: [], downgraded: [] });
  });

  it('keeps arches apart, counts a noarch package of several trees once, and leaves source and debug packages out', async () => {
    const from = await done([
      record('a-0:1-1.x86_64'),
      record('n-0:1-1.noarch'),
      record('s-0:1-1.src', 'src', 'source'),
      record('a-debuginfo-0:1-1.x86_64', 'x86_64', 'debug'),
    ]);
    const to = await done([
      record('a-0:1-1.x86_64'),
      record('a-0:1-1.aarch64', 'aarch64'),
      record('n-0:2-1.noarch'),
      record('n-0:2-1.noarch', 'aarch64'),
      record('s-0:2-1.src', 'src', 'source'),
    ]);
    const { diff: told } = await diff(from, to);
    expect(told).toMatchObject({
      added: [{ nevra: 'a-0:1-1.aarch64' }],
      removed: [],
      upgraded: [{ name: 'n', from: '1-1', to: '2-1' }],
      downgraded: [],
    });
  });

  it('compares the newest where there are several versions, and loses none of the others', async () => {
    const from = await done(
      ['kernel-0:5-1.x86_64', 'kernel-0:6-1.x86_64', 'even-0:1.0-1.x86_64'].map((nevra) => record(nevra)),
    );
    const to = await done(
      ['kernel-0:6-1.x86_64', 'kernel-0:7-1.x86_64', 'kernel-0:7-2.x86_64', 'even-0:1.00-1.x86_64'].map((nevra) =>
        record(nevra),
      ),
    );
    const { diff: told } = await diff(from, to);
    expect(told).toMatchObject({
      added: [{ nevra: 'even-0:1.00-1.x86_64' }, { nevra: 'kernel-0:7-1.x86_64' }],
      removed: [{ nevra: 'even-0:1.0-1.x86_64' }],
      upgraded: [{ name: 'kernel', from: '5-1', to: '7-2' }],
    });
  });

  it('of a compose that shares takes the packages of its root', async () => {
    const root = await done([record('a-0:1-1.x86_64')]);
    const other = await done([record('a-0:2-1.x86_64')]);
    const sharer = await done([]);
    await test.query('update compose set reuses = $1 where id = $2', [root, sharer]);
    expect((await diff(sharer, other)).diff).toMatchObject({ upgraded: [{ name: 'a', from: '1-1', to: '2-1' }] });
    expect((await diff(root, sharer)).diff).toEqual({ added: [], removed: [], upgraded: [], downgraded: [] });
  });

  it('refuses what is not there with NOT_FOUND and what is not DONE with CONFLICT', async () => {
    const there = await done([]);
    const waiting = await store.transaction(async (tx) => (await tx.insert(aCompose(), null)).id);
    for (const missing of ['999999', 'nonsense', '-1', '1; drop table compose', '9'.repeat(40)]) {
      expect((await diff(there, missing)).error?.extensions.code, missing).toBe('NOT_FOUND');
    }
    const { error } = await diff(waiting, there);
    expect(error).toMatchObject({
      message: `Compose ${waiting} is WAIT; only DONE composes can be compared`,
      extensions: { code: 'CONFLICT' },
    });
    const going = await done([]);
    await test.query('update compose set removing_at = now() where id = $1', [going]);
    expect((await diff(there, going)).error?.extensions.code).toBe('CONFLICT');
  });

  it('compares 60,000 packages without holding up others, and says so where there are too many differences', async () => {
    const many = (name: string, changed: number) =>
      Array.from({ length: 60_000 }, (_, index) =>
        record(`${index < changed ? name : 'package'}-${index}-0:1-1.x86_64`),
      );
    const from = await done(many('old', 2_500));
    const close = await done(many('new', 2_500));
    const far = await done(many('new', 2_501));
    const everything = DIFF.replaceAll(
      /(added|removed) \{[^}]*\}/g,
      '$1 { nevra name arch sourceNevra sigkey path sizeBytes }',
    );
    const ask = async () => {
      const answer = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: everything, variables: { from, to: close } }),
      });
      return answer.arrayBuffer();
    };
    await ask();
    const begun = performance.now();
    const { value, ms } = await longestTurn(ask);
    const took = performance.now() - begun;
    const { data } = JSON.parse(Buffer.from(value).toString()) as {
      readonly data: { readonly composeDiff: Record<string, readonly { readonly nevra: string }[]> };
    };
    const names = (list: string) => data.composeDiff[list]?.map(({ nevra }) => nevra);
    expect(names('added')).toEqual(
      many('new', 2_500)
        .slice(0, 2_500)
        .map(({ nevra }) => nevra)
        .toSorted(),
    );
    expect(names('removed')).toEqual(
      many('old', 2_500)
        .slice(0, 2_500)
        .map(({ nevra }) => nevra)
        .toSorted(),
    );
    expect(took).toBeLessThan(5_000);
    expect(ms).toBeLessThan(50);
    const { error } = await diff(from, far);
    expect(error).toMatchObject({
      message: expect.stringContaining('more than 5000 packages'),
      extensions: { code: 'BAD_USER_INPUT', fields: [{ path: 'to' }] },
    });
    if (process.env['ODCS_SHOW_FIGURES'])
      console.error(`composeDiff of 60,000 packages: ${took.toFixed(0)} ms, longest turn ${ms.toFixed(0)} ms of CPU`);
  }, 60_000);
});
