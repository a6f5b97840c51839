// What is kept of attempts for later ones, on a real file system: whole or not at all, whoever writes, takes and throws away
// at once, and within its bounds.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AttemptDirectory, Results } from '../../src/app/ports.ts';
import { createResults, type ResultsOptions } from '../../src/results/directory-results.ts';
import { T0, aCompose } from '../support/composes.ts';
import { keepingLogger, silentLogger } from '../support/logger.ts';

const INSTANCE = '00000000-0000-4000-8000-00000000000a';
const DAY = 86_400;
const PATHS = ['first', 'some/second'];

let top = '';
let target = '';
let now = T0;
let ids = 0;
const started: Results[] = [];

beforeEach(async () => {
  top = await realpath(await mkdtemp(join(tmpdir(), 'odcs-kept-')));
  target = join(top, 'composes');
  now = T0;
});
afterEach(async () => {
  for (const results of started.splice(0)) await results.stop();
  await rm(top, { recursive: true });
});

async function open(
  keep: Partial<NonNullable<ResultsOptions['cache']>> = {},
  overrides: Partial<ResultsOptions> = {},
): Promise<Results> {
  const results = createResults({
    targetDirs: { default: target },
    instanceId: INSTANCE,
    adopt: false,
    publicUrl: 'http://odcs',
    minFreeBytes: 0,
    logger: silentLogger,
    cache: { maxAgeSeconds: 7 * DAY, maxBytes: 1e9, clock: { now: () => now }, ...keep },
    ...overrides,
  });
  await results.start();
  started.push(results);
  return results;
}

function begin(results: Results): Promise<AttemptDirectory> {
  return results.beginAttempt(aCompose({ id: String(++ids), state: 'GENERATING', attempt: 1 }));
}

async function keep(results: Results, key: string, content: string, rank = 1): Promise<void> {
  const attempt = await begin(results);
  await mkdir(join(attempt.directory, 'some'));
  for (const path of PATHS) await writeFile(join(attempt.directory, path), content);
  await results.cache.store(key, attempt, { from: attempt.directory, paths: PATHS, rank });
  await results.trashAttempt(attempt);
}

/** What is taken; of several files with different contents, all of them. */
async function taken(results: Results, key: string): Promise<string | null> {
  const attempt = await begin(results);
  const to = join(attempt.scratch, 'taken');
  if (!(await results.cache.restore(key, attempt, to))) {
    expect(await readdir(attempt.scratch)).toEqual([]);
    return null;
  }
  return [...new Set(await Promise.all(PATHS.map((path) => readFile(join(to, path), 'utf8'))))].join(' and ');
}

const entries = async () => (await readdir(join(target, '.kept'))).map((name) => name.split('.')[0] ?? '').toSorted();

async function trashIsEmpty(): Promise<void> {
  while ((await readdir(join(target, '.trash'))).length > 0) await nextTurn();
}

describe('what is kept', () => {
  it('is what was kept last, for whoever asks by its key, also in another process', async () => {
    const results = await open();
    await keep(results, 'a', 'old');
    await keep(results, 'b', 'other');
    await keep(results, 'a', 'new');
    expect(await taken(await open(), 'a')).toBe('new');
    expect(await taken(results, 'b')).toBe('other');
    expect(await taken(results, 'c')).toBeNull();
    expect(await entries()).toEqual(['a', 'b']);
  });

  it('stays what it is where something of a lower rank comes', async () => {
    const results = await open();
    await keep(results, 'a', 'later', 2);
    await keep(results, 'a', 'earlier', 1);
    expect(await taken(results, 'a')).toBe('later');
    await keep(results, 'a', 'as late', 2);
    expect(await taken(results, 'a')).toBe('as late');
  });

  it('stays with who took it, whatever becomes of it', async () => {
    const results = await open();
    await keep(results, 'a', 'taken');
    const attempt = await begin(results);
    const to = join(attempt.scratch, 'taken');
    expect(await results.cache.restore('a', attempt, to)).toBe(true);
    await keep(results, 'a', 'another');
    await results.cache.invalidate('a', attempt);
    await trashIsEmpty();
    expect(await readFile(join(to, 'some/second'), 'utf8')).toBe('taken');
    expect(await taken(results, 'a')).toBeNull();
  });

  it('takes no space of its own while it is taken', async () => {
    const results = await open();
    await keep(results, 'a', 'content');
    const attempt = await begin(results);
    await results.cache.restore('a', attempt, join(attempt.scratch, 'taken'));
    expect((await stat(join(attempt.scratch, 'taken', 'first'))).nlink).toBe(2);
  });

  it('is whole for everybody while many keep, take and forget at once', async () => {
    const results = await Promise.all([open(), open(), open()]);
    const contents = Array.from({ length: 30 }, (_, index) => `content ${index}`);
    const seen = await Promise.all(
      contents.flatMap((content, index) => {
        const one = results[index % 3] as Results;
        return [
          keep(one, 'a', content).then(() => null),
          taken(one, 'a'),
          index % 10 === 9
            ? begin(one)
                .then((attempt) => one.cache.invalidate('a', attempt))
                .then(() => null)
            : taken(one, 'a'),
        ];
      }),
    );
    for (const one of seen) if (one !== null) expect(contents).toContain(one);
    await keep(results[0], 'a', 'the end', 2);
    expect(await taken(results[1], 'a')).toBe('the end');
    expect(await entries()).toEqual(['a']);
  });

  it('is whole where whoever keeps is killed at any moment', async () => {
    const results = await open();
    for (let round = 0; round < 5; round++) {
      const child = spawn(
        process.execPath,
        [join(import.meta.dirname, '../support/keep-forever.ts'), target, INSTANCE],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      await once(child.stdout, 'data');
      for (let turn = 0; turn < round * 7; turn++) await nextTurn();
      child.kill('SIGKILL');
      await once(child, 'exit');
      const attempt = await begin(results);
      const to = join(attempt.scratch, 'taken');
      expect(await results.cache.restore('k', attempt, to)).toBe(true);
      const texts = await Promise.all(
        ['first', 'some/second', 'some/third'].map((path) => readFile(join(to, path), 'utf8')),
      );
      expect(new Set(texts).size).toBe(1);
    }
    // The next to keep clears away what the killed could not.
    await keep(results, 'k', 'end', 1);
    expect(await entries()).toEqual(['k']);
  }, 60_000);
});

describe('the bounds of what is kept', () => {
  it('let nothing grow older than was said', async () => {
    const results = await open({ maxAgeSeconds: DAY });
    await keep(results, 'a', 'content');
    now = new Date(T0.getTime() + DAY * 1000 - 1);
    await results.cache.evict();
    expect(await taken(results, 'a')).toBe('content');
    now = new Date(T0.getTime() + DAY * 1000);
    expect(await taken(results, 'a')).toBeNull();
    await results.cache.evict();
    expect(await entries()).toEqual([]);
  });

  it('let go first what was not taken for longest', async () => {
    const results = await open({ maxBytes: 60 });
    for (const key of ['a', 'b', 'c']) {
      now = new Date(now.getTime() + 1000);
      await keep(results, key, '0123456789');
    }
    now = new Date(now.getTime() + 1000);
    expect(await taken(results, 'a')).toBe('0123456789');
    now = new Date(now.getTime() + 1000);
    await keep(results, 'd', '0123456789');
    expect(await entries()).toEqual(['a', 'c', 'd']);
  });

  it('keep nothing that is larger than all that may be kept', async () => {
    const results = await open({ maxBytes: 19 });
    await keep(results, 'a', '0123456789');
    expect(await taken(results, 'a')).toBeNull();
  });

  it('keep nothing where it is switched off, and clear away what there is', async () => {
    await keep(await open(), 'a', 'content');
    const off = await open({ maxAgeSeconds: 0 });
    expect(await taken(off, 'a')).toBeNull();
    await off.cache.evict();
    expect(await entries()).toEqual([]);
    await keep(off, 'a', 'content');
    expect(await entries()).toEqual([]);
  });

  it('give way to composes where space is scarce', async () => {
    await keep(await open(), 'a', 'content');
    await (await open({}, { minFreeBytes: Number.MAX_SAFE_INTEGER })).cache.evict();
    expect(await entries()).toEqual([]);
  });

  it('leave alone what is not ours', async () => {
    const results = await open({ maxAgeSeconds: DAY });
    await keep(results, 'a', 'content');
    await mkdir(join(target, '.kept', 'somebody’s'));
    now = new Date(T0.getTime() + 2 * DAY * 1000);
    await results.cache.evict();
    expect(await readdir(join(target, '.kept'))).toEqual(['somebody’s']);
  });
});

describe('what is kept and has gone bad', () => {
  it('is not handed out, and goes', async () => {
    const results = await open();
    await keep(results, 'a', 'content');
    const [name = ''] = await readdir(join(target, '.kept'));
    await truncate(join(target, '.kept', name, 'some/second'), 3);
    expect(await taken(results, 'a')).toBeNull();
    expect(await entries()).toEqual([]);
  });

  it('is not handed out without its list, or with one that leads elsewhere', async () => {
    const results = await open();
    for (const text of [
      null,
      '{"at":',
      '{"at":1795341600000,"rank":1,"files":[{"path":"../../.odcs-instance","bytes":37}]}',
    ]) {
      await keep(results, 'a', 'content');
      const [name = ''] = await readdir(join(target, '.kept'));
      const list = join(target, '.kept', name, 'kept.json');
      await (text === null ? rm(list) : writeFile(list, text));
      expect(await taken(results, 'a')).toBeNull();
      await results.cache.evict();
      expect(await entries()).toEqual([]);
    }
  });

  it('costs no compose anything: a warning, and on it goes', async () => {
    const { logger, entries: logged } = keepingLogger();
    const results = await open({}, { logger });
    const attempt = await begin(results);
    await writeFile(join(target, '.kept'), 'no directory');
    expect(await results.cache.restore('a', attempt, join(attempt.scratch, 'taken'))).toBe(false);
    await results.cache.store('a', attempt, { from: attempt.directory, paths: ['absent'], rank: 1 });
    await results.cache.invalidate('a', attempt);
    expect(logged.filter(({ level }) => level === 'warn')).toHaveLength(3);
  });
});
