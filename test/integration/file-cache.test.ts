// The cache of a target directory, on a real file system: whole entries only, also with several processes, within its limits.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import type { AttemptDirectory, Results } from '../../src/app/ports.ts';
import type { ResultsOptions } from '../../src/results/directory-results.ts';
import { T0 } from '../support/composes.ts';
import { keepingLogger } from '../support/logger.ts';
import { generating, INSTANCE, it as base, purged } from '../support/target-fixture.ts';

const DAY = 86_400;
const PATHS = ['first', 'some/second'];

interface CacheFixtures {
  readonly clock: { now(): Date; advance(seconds: number): void };
  readonly openCache: (
    limits?: Partial<NonNullable<ResultsOptions['cache']>>,
    overrides?: Partial<ResultsOptions>,
  ) => Promise<Results>;
  /** Keys of the entries on disk. */
  readonly keys: () => Promise<readonly string[]>;
}

const it = base.extend<CacheFixtures>({
  clock: async ({ task: _ }, use) => {
    let now = T0.getTime();
    await use({ now: () => new Date(now), advance: (seconds) => void (now += seconds * 1_000) });
  },
  openCache: ({ openResults, clock }, use) =>
    use((limits = {}, overrides = {}) =>
      openResults({ cache: { maxAgeSeconds: 7 * DAY, maxBytes: 1e9, clock, ...limits }, ...overrides }),
    ),
  keys: ({ target }, use) =>
    use(async () => (await readdir(join(target, '.kept'))).map((name) => name.split('.')[0] ?? '').toSorted()),
});

let ids = 0;

function beginAttempt(results: Results): Promise<AttemptDirectory> {
  return results.beginAttempt(generating(1, { id: String(++ids) }));
}

/** Stores two files with the same content. */
async function store(results: Results, key: string, content: string, rank = 1): Promise<void> {
  const attempt = await beginAttempt(results);
  await mkdir(join(attempt.directory, 'some'));
  for (const path of PATHS) await writeFile(join(attempt.directory, path), content);
  await results.cache.store(key, attempt, { from: attempt.directory, paths: PATHS, rank });
  await results.trashAttempt(attempt);
}

/** The content of the restored files, joined when it differs; null for a miss. */
async function restore(results: Results, key: string): Promise<string | null> {
  const attempt = await beginAttempt(results);
  const to = join(attempt.scratch, 'restored');
  if (!(await results.cache.restore(key, attempt, to))) {
    expect(await readdir(attempt.scratch)).toEqual([]);
    return null;
  }
  return [...new Set(await Promise.all(PATHS.map((path) => readFile(join(to, path), 'utf8'))))].join(' and ');
}

describe('The cache', () => {
  it('returns the latest entry of a key, also to another process', async ({ openCache, keys }) => {
    const results = await openCache();
    await store(results, 'a', 'old');
    await store(results, 'b', 'other');
    await store(results, 'a', 'new');
    expect(await restore(await openCache(), 'a')).toBe('new');
    expect(await restore(results, 'b')).toBe('other');
    expect(await restore(results, 'c')).toBeNull();
    expect(await keys()).toEqual(['a', 'b']);
  });

  it('does not replace an entry by one of a lower rank', async ({ openCache }) => {
    const results = await openCache();
    await store(results, 'a', 'high', 2);
    await store(results, 'a', 'low', 1);
    expect(await restore(results, 'a')).toBe('high');
    await store(results, 'a', 'equal', 2);
    expect(await restore(results, 'a')).toBe('equal');
  });

  it('leaves restored files in place when the entry is replaced or invalidated', async ({ openCache, target }) => {
    const results = await openCache();
    await store(results, 'a', 'restored');
    const attempt = await beginAttempt(results);
    const to = join(attempt.scratch, 'restored');
    expect(await results.cache.restore('a', attempt, to)).toBe(true);
    await store(results, 'a', 'another');
    await results.cache.invalidate('a', attempt);
    await purged(target);
    expect(await readFile(join(to, 'some/second'), 'utf8')).toBe('restored');
    expect(await restore(results, 'a')).toBeNull();
  });

  it('restores files as hard links', async ({ openCache }) => {
    const results = await openCache();
    await store(results, 'a', 'content');
    const attempt = await beginAttempt(results);
    await results.cache.restore('a', attempt, join(attempt.scratch, 'restored'));
    expect((await stat(join(attempt.scratch, 'restored', 'first'))).nlink).toBe(2);
  });

  it('has whole entries while several processes store, restore and invalidate', async ({ openCache, keys }) => {
    const processes = [await openCache(), await openCache(), await openCache()];
    const contents = Array.from({ length: 30 }, (_, index) => `content ${index}`);
    const restored = await Promise.all(
      contents.flatMap((content, index) => {
        const results = processes[index % 3] as Results;
        const invalidate = async () => results.cache.invalidate('a', await beginAttempt(results)).then(() => null);
        return [
          store(results, 'a', content).then(() => null),
          restore(results, 'a'),
          index % 10 === 9 ? invalidate() : restore(results, 'a'),
        ];
      }),
    );
    for (const content of restored) if (content !== null) expect(contents).toContain(content);
    await store(processes[0] as Results, 'a', 'the end', 2);
    expect(await restore(processes[1] as Results, 'a')).toBe('the end');
    expect(await keys()).toEqual(['a']);
  });

  it(
    'has whole entries after a process was killed while it stored',
    { timeout: 60_000 },
    async ({ openCache, keys, target }) => {
      const results = await openCache();
      const program = join(import.meta.dirname, '../support/store-in-cache-forever.ts');
      for (let round = 0; round < 5; round++) {
        const child = spawn(process.execPath, [program, target, INSTANCE], { stdio: ['ignore', 'pipe', 'inherit'] });
        await once(child.stdout, 'data');
        for (let turn = 0; turn < round * 7; turn++) await nextTurn();
        child.kill('SIGKILL');
        await once(child, 'exit');
        const attempt = await beginAttempt(results);
        const to = join(attempt.scratch, 'restored');
        expect(await results.cache.restore('k', attempt, to)).toBe(true);
        const paths = ['first', 'some/second', 'some/third'];
        const contents = await Promise.all(paths.map((path) => readFile(join(to, path), 'utf8')));
        expect(new Set(contents).size).toBe(1);
      }
      // Storing trashes the entries that the killed processes did not.
      await store(results, 'k', 'end', 1);
      expect(await keys()).toEqual(['k']);
    },
  );
});

describe('The limits of the cache', () => {
  it('evict entries that are too old', async ({ openCache, clock, keys }) => {
    const results = await openCache({ maxAgeSeconds: DAY });
    await store(results, 'a', 'content');
    clock.advance(DAY - 0.001);
    await results.cache.evict();
    expect(await restore(results, 'a')).toBe('content');
    clock.advance(0.001);
    expect(await restore(results, 'a')).toBeNull();
    await results.cache.evict();
    expect(await keys()).toEqual([]);
  });

  it('evict the least recently used entry', async ({ openCache, clock, keys }) => {
    const results = await openCache({ maxBytes: 60 });
    for (const key of ['a', 'b', 'c']) {
      clock.advance(1);
      await store(results, key, '0123456789');
    }
    clock.advance(1);
    expect(await restore(results, 'a')).toBe('0123456789');
    clock.advance(1);
    await store(results, 'd', '0123456789');
    expect(await keys()).toEqual(['a', 'c', 'd']);
  });

  it('refuse an entry that is larger than the cache', async ({ openCache }) => {
    const results = await openCache({ maxBytes: 19 });
    await store(results, 'a', '0123456789');
    expect(await restore(results, 'a')).toBeNull();
  });

  it('evict and refuse all entries when the cache is switched off', async ({ openCache, keys }) => {
    await store(await openCache(), 'a', 'content');
    const off = await openCache({ maxAgeSeconds: 0 });
    expect(await restore(off, 'a')).toBeNull();
    await off.cache.evict();
    expect(await keys()).toEqual([]);
    await store(off, 'a', 'content');
    expect(await keys()).toEqual([]);
  });

  it('evict all entries when the target directory is full', async ({ openCache, keys }) => {
    await store(await openCache(), 'a', 'content');
    await (await openCache({}, { minFreeBytes: Number.MAX_SAFE_INTEGER })).cache.evict();
    expect(await keys()).toEqual([]);
  });

  it('ignore files with other names', async ({ openCache, clock, target }) => {
    const results = await openCache({ maxAgeSeconds: DAY });
    await store(results, 'a', 'content');
    await mkdir(join(target, '.kept', 'somebody’s'));
    clock.advance(2 * DAY);
    await results.cache.evict();
    expect(await readdir(join(target, '.kept'))).toEqual(['somebody’s']);
  });
});

describe('A damaged entry', () => {
  it('is a miss and is trashed', async ({ openCache, target, keys }) => {
    const results = await openCache();
    await store(results, 'a', 'content');
    const [name = ''] = await readdir(join(target, '.kept'));
    await truncate(join(target, '.kept', name, 'some/second'), 3);
    expect(await restore(results, 'a')).toBeNull();
    expect(await keys()).toEqual([]);
  });

  it.for([
    { manifest: 'no manifest', text: null },
    { manifest: 'a truncated manifest', text: '{"at":' },
    {
      manifest: 'a path outside of the entry',
      text: '{"at":1795341600000,"rank":1,"files":[{"path":"../../.odcs-instance","bytes":37}]}',
    },
  ])('with $manifest is a miss and is evicted', async ({ text }, { openCache, target, keys }) => {
    const results = await openCache();
    await store(results, 'a', 'content');
    const [name = ''] = await readdir(join(target, '.kept'));
    const path = join(target, '.kept', name, 'kept.json');
    await (text === null ? rm(path) : writeFile(path, text));
    expect(await restore(results, 'a')).toBeNull();
    await results.cache.evict();
    expect(await keys()).toEqual([]);
  });

  it('causes warnings, and no errors', async ({ openCache, target }) => {
    const { logger, entries } = keepingLogger();
    const results = await openCache({}, { logger });
    const attempt = await beginAttempt(results);
    await writeFile(join(target, '.kept'), 'not a directory');
    expect(await results.cache.restore('a', attempt, join(attempt.scratch, 'restored'))).toBe(false);
    await results.cache.store('a', attempt, { from: attempt.directory, paths: ['absent'], rank: 1 });
    await results.cache.invalidate('a', attempt);
    expect(entries.filter(({ level }) => level === 'warn')).toHaveLength(3);
  });
});
