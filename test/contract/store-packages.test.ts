// What readers rely on in progress and packages.

import { describe, expect } from 'vitest';
import { READ_ALL } from '../../src/compose/read-policy.ts';
import { packageStore } from '../../src/store/package-store.ts';
import { progressStore } from '../../src/store/progress-store.ts';
import { T0 } from '../support/composes.ts';
import { databaseTest as it } from '../support/fixtures.ts';
import { aPackage } from '../support/packages.ts';
import { changed, IMPOSSIBLE_IDS, inserted } from '../support/stored-compose.ts';

describe('progress', () => {
  it('never falls within an attempt, and is not written by a worker without the attempt', async ({
    database,
    store,
  }) => {
    const progress = progressStore(database.em);
    const { id } = await inserted(store);
    const put = (attempt: number, percent: number) =>
      progress.put(id, { attempt, percent, phase: 'GATHER', message: null, updatedAt: T0 });
    const percent = async () => (await progress.findMany([id], READ_ALL))[0]?.percent ?? null;
    await put(1, 10);
    expect(await percent()).toBeNull();
    await changed(store, id, { state: 'GENERATING', attempt: 1 });
    await put(1, 50);
    await put(1, 20);
    expect(await percent()).toBe(50);
    await changed(store, id, { attempt: 2 });
    await put(1, 90);
    expect(await percent()).toBe(50);
    await put(2, 5);
    expect(await percent()).toBe(5);
    expect(await progress.findMany([...IMPOSSIBLE_IDS, id], READ_ALL)).toEqual([
      ...IMPOSSIBLE_IDS.map(() => null),
      { attempt: 2, percent: 5, phase: 'GATHER', message: null, updatedAt: T0 },
    ]);
  });
});

describe('packages', () => {
  it('are paged by path, counted, and found by a part of their name', async ({ database, store }) => {
    const packages = packageStore(database.em);
    const { id } = await inserted(store);
    const records = Array.from({ length: 12_001 }, (_, index) =>
      aPackage(`p${index}-0:1-1.noarch`, {
        path: `Temporary/x86_64/os/Packages/${String(index).padStart(5, '0')}`,
        sizeBytes: index ? 5_000_000_000 : null,
      }),
    );
    await store.transaction((tx) => tx.insertPackages(id, records));
    expect(await packages.pages([id], { limit: 2 }, READ_ALL)).toEqual([
      { items: records.slice(0, 2), hasNextPage: true, hasPreviousPage: false },
    ]);
    const after = records.at(-2)?.path ?? '';
    expect(await packages.pages([id], { limit: 2, after }, READ_ALL)).toEqual([
      { items: records.slice(-1), hasNextPage: false, hasPreviousPage: true },
    ]);
    expect(await packages.counts([id], undefined, READ_ALL)).toEqual([12_001]);
    expect(await packages.counts([id], '1200', READ_ALL)).toEqual([3]);
    expect((await packages.pages([id], { limit: 5, nameContains: '%' }, READ_ALL))[0]?.items).toEqual([]);
    await store.transaction((tx) => tx.deletePackages(id));
    expect(await packages.counts([id, ...IMPOSSIBLE_IDS], undefined, READ_ALL)).toEqual([
      0,
      ...IMPOSSIBLE_IDS.map(() => 0),
    ]);
  });
});
