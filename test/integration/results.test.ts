import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, readdir, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AttemptSuperseded, StorageError, type AttemptDirectory, type Results } from '../../src/app/ports.ts';
import type { Compose } from '../../src/compose/compose.ts';
import { createResults, type ResultsOptions } from '../../src/results/directory-results.ts';
import { T0, aCompose } from '../support/composes.ts';
import { keepingLogger, silentLogger } from '../support/logger.ts';

const INSTANCE = '00000000-0000-4000-8000-00000000000a';
const OTHER = '00000000-0000-4000-8000-00000000000b';
const URL = 'https://odcs.example/odcs';

let top = '';
let target = '';
const started: Results[] = [];

beforeEach(async () => {
  top = await realpath(await mkdtemp(join(tmpdir(), 'odcs-results-')));
  target = join(top, 'composes');
});
afterEach(async () => {
  for (const results of started.splice(0)) await results.stop();
  await rm(top, { recursive: true });
});

async function open(overrides: Partial<ResultsOptions> = {}): Promise<Results> {
  const results = createResults({
    targetDirs: { default: target },
    instanceId: INSTANCE,
    adopt: false,
    publicUrl: URL,
    minFreeBytes: 0,
    logger: silentLogger,
    ...overrides,
  });
  await results.start();
  started.push(results);
  return results;
}

function generating(attempt = 1, overrides: Partial<Compose> = {}): Compose {
  return aCompose({ state: 'GENERATING', attempt, ...overrides });
}

function done(overrides: Partial<Compose> = {}): Compose {
  return aCompose({ state: 'DONE', attempt: 1, doneAt: T0, ...overrides });
}

async function fill({ directory }: AttemptDirectory, content = 'content'): Promise<void> {
  await mkdir(join(directory, 'compose', 'Temporary'), { recursive: true });
  await writeFile(join(directory, 'compose', 'Temporary', 'file'), content);
}

async function published(content: string): Promise<boolean> {
  return (await readFile(join(target, 'odcs-42/compose/Temporary/file'), 'utf8').catch(() => null)) === content;
}

/** The trash is emptied in the background; this looks again with each turn of the event loop. */
async function trashIsEmpty(): Promise<void> {
  while ((await readdir(join(target, '.trash'))).length > 0) await nextTurn();
}

describe('a compose’s directory', () => {
  it('is not there before it is published, whole once it is, and the scratch never', async () => {
    const results = await open();
    const attempt = await results.beginAttempt(generating());
    expect(await readdir(attempt.directory)).toEqual([]);
    await fill(attempt);
    await writeFile(join(attempt.scratch, 'secret'), '');
    await results.writeRepoFile(generating(), attempt);
    expect(existsSync(join(target, 'odcs-42'))).toBe(false);
    await results.publish(generating(), attempt);
    await results.trashAttempt(attempt);
    expect(await published('content')).toBe(true);
    expect(await readdir(join(target, '.attempts'))).toEqual([]);
    await trashIsEmpty();
  });

  it('is never that of an attempt that was taken over: its rename finds nothing', async () => {
    const results = await open();
    const lost = await results.beginAttempt(generating(1));
    await fill(lost, 'of the lost');
    const winner = await results.beginAttempt(generating(2));
    await fill(winner, 'of the winner');
    await expect(results.publish(generating(1), lost)).rejects.toThrow('taken over');
    await results.publish(generating(2), winner);
    expect(await published('of the winner')).toBe(true);
  });

  it('is published again where that was not committed, and not where it was taken away meanwhile', async () => {
    const results = await open();
    const attempt = await results.beginAttempt(generating());
    await fill(attempt);
    await results.publish(generating(), attempt);
    await results.publish(generating(), attempt);
    expect(await published('content')).toBe(true);
    // By somebody who took the worker for lost, and did not commit that either.
    await results.trashAttempts(generating());
    await expect(results.publish(generating(), attempt)).rejects.toThrow(AttemptSuperseded);
  });

  it('is not touched by a worker that wakes up after its successor has begun, or has published', async () => {
    const results = await open();
    const winner = await results.beginAttempt(generating(2));
    await fill(winner);
    await expect(results.beginAttempt(generating(1))).rejects.toThrow('taken over by attempt 2');
    await results.publish(generating(2), winner);
    await results.trashAttempt(winner);
    await expect(results.beginAttempt(generating(1))).rejects.toThrow('taken over by attempt 2');
    expect(await published('content')).toBe(true);
  });

  it('makes way for another attempt where it was published but never became DONE', async () => {
    const results = await open();
    const first = await results.beginAttempt(generating(1));
    await fill(first, 'half');
    await results.publish(generating(1), first);
    const second = await results.beginAttempt(generating(2));
    expect(existsSync(join(target, 'odcs-42'))).toBe(false);
    await fill(second, 'whole');
    await results.publish(generating(2), second);
    expect(await published('whole')).toBe(true);
  });

  it('goes at once when it is removed, with its logs, and nobody else’s', async () => {
    const results = await open();
    for (const id of ['42', '421']) {
      const attempt = await results.beginAttempt(generating(1, { id }));
      await fill(attempt);
      results.appendLog(generating(1, { id }), 1, 'line\n');
      await results.flushLog(generating(1, { id }), 1);
      await results.publish(generating(1, { id }), attempt);
    }
    await results.trashCompose(done());
    expect((await readdir(target)).filter((name) => !name.startsWith('.'))).toEqual(['odcs-421']);
    expect(await readdir(join(target, '.logs'))).toEqual(['421']);
    await results.trashCompose(done());
    await trashIsEmpty();
  });
});

describe('deleting', () => {
  it('follows no symlink, neither in what is deleted nor in its place', async () => {
    const outside = join(top, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'precious'), '');
    const results = await open();
    const attempt = await results.beginAttempt(generating());
    await symlink(outside, join(attempt.directory, 'link'));
    await symlink(join(outside, 'precious'), join(attempt.directory, 'file'));
    await results.trashAttempt(attempt);
    await symlink(outside, join(target, 'odcs-42'));
    await results.trashCompose(done());
    await trashIsEmpty();
    expect(await readdir(outside)).toEqual(['precious']);
  });

  it('goes on at the next start, and with directories that nobody may enter', async () => {
    const first = await open();
    await first.stop();
    const left = join(target, '.trash', '11111111-1111-4111-8111-111111111111', 'deep', 'closed');
    await mkdir(left, { recursive: true });
    await writeFile(join(left, 'file'), '');
    await chmod(left, 0o000);
    await open();
    await trashIsEmpty();
    expect(existsSync(left)).toBe(false);
  });

  it('leaves alone what is not ours', async () => {
    const results = await open();
    for (const name of ['odcs-x', 'latest', '.attempts/42.x', '.attempts/other', '.logs/other'])
      await mkdir(join(target, name), { recursive: true });
    await mkdir(join(target, '.trash/mine'));
    const attempt = await results.beginAttempt(generating());
    await results.trashAttempt(attempt);
    await results.trashCompose(done());
    while ((await readdir(join(target, '.trash'))).length > 1) await nextTurn();
    for (const name of ['odcs-x', 'latest', '.attempts/42.x', '.attempts/other', '.logs/other', '.trash/mine'])
      expect(existsSync(join(target, name))).toBe(true);
  });

  it('refuses paths and ids that are none of ours', async () => {
    const results = await open();
    await expect(results.trashAttempt({ directory: top, scratch: top })).rejects.toThrow('not an attempt');
    await expect(results.trashAttempt({ directory: join(top, '.attempts/42.1'), scratch: top })).rejects.toThrow(
      'not an attempt',
    );
    await expect(results.trashCompose(done({ id: '../..' }))).rejects.toThrow('not a compose id');
  });
});

describe('a target directory', () => {
  const storage = (message: RegExp) => ({
    code: 'STORAGE',
    retryable: true,
    message: expect.stringMatching(message) as unknown,
  });

  it('is claimed when it is empty, and knows its database from then on', async () => {
    expect(await (await open()).checkTarget('default')).toBeNull();
    expect((await readFile(join(target, '.odcs-instance'), 'utf8')).trim()).toBe(INSTANCE);
    expect(await (await open()).checkTarget('default')).toBeNull();
    expect(await (await open({ instanceId: OTHER })).checkTarget('default')).toMatchObject(storage(/another database/));
    expect(await (await open({ instanceId: OTHER, adopt: true })).checkTarget('default')).toBeNull();
    expect(await (await open()).checkTarget('default')).toMatchObject(storage(/another database/));
  });

  it('that is not empty is claimed only when told so', async () => {
    await mkdir(join(target, 'somebody'), { recursive: true });
    const results = await open();
    expect(await results.checkTarget('default')).toMatchObject(storage(/was not empty/));
    await expect(results.beginAttempt(generating())).rejects.toThrow(StorageError);
    expect(await readdir(target)).toEqual(['somebody']);
    expect(await (await open({ adopt: true })).checkTarget('default')).toBeNull();
  });

  it('of another database is neither swept nor written to', async () => {
    await (await open()).stop();
    const left = join(target, '.trash', '11111111-1111-4111-8111-111111111111');
    await mkdir(left);
    const results = await open({ instanceId: OTHER });
    await expect(results.trashCompose(done())).rejects.toThrow(StorageError);
    await results.stop();
    expect(existsSync(left)).toBe(true);
  });

  it('that has gone, is unknown or almost full is STORAGE, with a message', async () => {
    const results = await open();
    expect(await results.checkTarget('elsewhere')).toMatchObject(storage(/elsewhere is not configured/));
    expect(await (await open({ minFreeBytes: Number.MAX_SAFE_INTEGER })).checkTarget('default')).toMatchObject(
      storage(/almost full/),
    );
    await rm(target, { recursive: true });
    expect(await results.checkTarget('default')).toMatchObject(storage(/not mounted/));
    await expect(results.beginAttempt(generating())).rejects.toThrow(StorageError);
  });

  it('whose trash is a symlink is refused', async () => {
    await (await open()).stop();
    await rm(join(target, '.trash'), { recursive: true });
    await symlink(top, join(target, '.trash'));
    expect(await (await open()).checkTarget('default')).toMatchObject(storage(/\.trash that is not a directory/));
  });

  it('is chosen by name', async () => {
    const second = join(top, 'second');
    const results = await open({ targetDirs: { default: target, second } });
    const attempt = await results.beginAttempt(generating(1, { targetDir: 'second' }));
    expect(attempt.directory).toBe(join(second, '.attempts', '42.1'));
    await results.publish(generating(1, { targetDir: 'second' }), attempt);
    expect(existsSync(join(second, 'odcs-42'))).toBe(true);
  });
});

describe('what clients are told', () => {
  it('are URLs and a .repo file while the compose is served, else nothing', async () => {
    const results = await open();
    expect(results.urls(done())).toEqual({
      toplevel: `${URL}/composes/odcs-42`,
      repository: `${URL}/composes/odcs-42/compose/Temporary`,
      repofile: `${URL}/composes/odcs-42/compose/Temporary/odcs-42.repo`,
    });
    expect(results.repoFile(done())).toBe(
      `[odcs-42]\nname=ODCS repository for compose odcs-42\nbaseurl=${URL}/composes/odcs-42/compose/Temporary/$basearch/os\nenabled=1\ngpgcheck=0\nskip_if_unavailable=False\n`,
    );
    expect(results.urls(done({ id: '50', reuses: '42' }))?.toplevel).toBe(`${URL}/composes/odcs-42`);
    for (const compose of [generating(), aCompose({ state: 'REMOVED' }), done({ removingAt: T0 })]) {
      expect(results.urls(compose)).toBeNull();
      expect(results.repoFile(compose)).toBeNull();
    }
  });

  it('are the packages of the manifest, each file once, with its size', async () => {
    const results = await open();
    const attempt = await results.beginAttempt(generating());
    const rpm = (category: string, path: string) => ({ category, path, sigkey: null });
    const sources = {
      'a-b-0:1.0-1.src': {
        'a-b-0:1.0-1.src': rpm('source', 'Temporary/source/tree/a.src.rpm'),
        'a-b-1:1.0-1.noarch': rpm('binary', 'Temporary/x86_64/os/a.rpm'),
      },
    };
    await fill(attempt);
    await mkdir(join(attempt.directory, 'compose/metadata'));
    await mkdir(join(attempt.directory, 'compose/Temporary/x86_64/os'), { recursive: true });
    await writeFile(join(attempt.directory, 'compose/Temporary/x86_64/os/a.rpm'), '12345');
    const path = join(attempt.directory, 'compose/metadata/rpms.json');
    await writeFile(path, JSON.stringify({ payload: { rpms: { Temporary: { x86_64: sources, aarch64: sources } } } }));
    expect(await results.readManifest(attempt)).toEqual([
      {
        nevra: 'a-b-0:1.0-1.src',
        name: 'a-b',
        arch: 'src',
        sourceNevra: null,
        sigkey: null,
        path: 'Temporary/source/tree/a.src.rpm',
        sizeBytes: null,
        treeArch: 'x86_64',
        category: 'source',
      },
      {
        nevra: 'a-b-1:1.0-1.noarch',
        name: 'a-b',
        arch: 'noarch',
        sourceNevra: 'a-b-0:1.0-1.src',
        sigkey: null,
        path: 'Temporary/x86_64/os/a.rpm',
        sizeBytes: 5,
        treeArch: 'x86_64',
        category: 'binary',
      },
    ]);
    await writeFile(
      path,
      JSON.stringify({
        payload: { rpms: { T: { x: { s: { 'a-0:1-1.src': rpm('binary', '../../../etc/passwd') } } } } },
      }),
    );
    await expect(results.readManifest(attempt)).rejects.toThrow('leads out of the compose');
    await rm(path);
    await expect(results.readManifest(attempt)).rejects.toThrow('ENOENT');
  });
});

describe('the log of an attempt', () => {
  async function begun(): Promise<Results> {
    const results = await open();
    await results.beginAttempt(generating());
    return results;
  }

  async function stored(text: string): Promise<string> {
    const results = await begun();
    results.appendLog(generating(), 1, text);
    await results.flushLog(generating(), 1);
    return (await results.readLog(generating(), 1, 0, true)).text;
  }

  it('has URLs in place of this server’s paths', async () => {
    expect(await stored(`${target}/.attempts/42.1/compose ${target}/.attempts/42.1.scratch/x ${target}/odcs-7\n`)).toBe(
      `${URL}/composes/odcs-42/compose (scratch)/x ${URL}/composes/odcs-7\n`,
    );
  });

  it('holds neither tracebacks nor credentials', async () => {
    expect(
      await stored(
        'one\nTraceback (most recent call last):\n  File "x.py"\n    password = 1\nValueError: oops\nGET http://u:p@host/\n',
      ),
    ).toBe('one\nValueError: oops\nGET http://host/\n');
  });

  it('is of whole lines, whatever pieces it comes in, and the last one when it ends', async () => {
    const results = await begun();
    for (const piece of ['a', 'b\nc', '\n', 'rest']) results.appendLog(generating(), 1, piece);
    await results.flushLog(generating(), 1);
    expect(await results.readLog(generating(), 1, 0, false)).toEqual({ text: 'ab\nc\nrest\n', nextOffset: 10 });
  });

  it('is read by byte offset, 64 KiB of whole lines at a time, no character cut in two', async () => {
    const results = await begun();
    const line = `${'größe €𝄞 '.repeat(40)}\n`;
    const text = line.repeat(400);
    results.appendLog(generating(), 1, text);
    await results.flushLog(generating(), 1);
    let read = '';
    let offset = 0;
    for (;;) {
      const chunk = await results.readLog(generating(), 1, offset, false);
      if (chunk.text === '') break;
      expect(chunk.text.endsWith('\n')).toBe(true);
      expect(Buffer.byteLength(chunk.text)).toBe(chunk.nextOffset - offset);
      expect(Buffer.byteLength(chunk.text)).toBeLessThanOrEqual(65_536);
      read += chunk.text;
      offset = chunk.nextOffset;
    }
    expect(read).toBe(text);
    const inside = Buffer.byteLength('gr') + 1;
    expect((await results.readLog(generating(), 1, inside, false)).text.startsWith('ße')).toBe(true);
  });

  it('ends with what another process has written of a line only where nobody writes any more', async () => {
    const results = await begun();
    await writeFile(join(target, '.logs/42/1.log'), 'whole\nhal');
    expect(await results.readLog(generating(), 1, 0, false)).toEqual({ text: 'whole\n', nextOffset: 6 });
    expect(await results.readLog(generating(), 1, 6, false)).toEqual({ text: '', nextOffset: 6 });
    expect(await results.readLog(generating(), 1, 6, true)).toEqual({ text: 'hal', nextOffset: 9 });
    expect(await results.readLog(generating(), 9, 3, true)).toEqual({ text: '', nextOffset: 3 });
  });

  it('is not written to what takes the place of its target directory while it grows', async () => {
    const results = await begun();
    await results.beginAttempt(generating(2));
    results.appendLog(generating(2), 2, 'before\n');
    while ((await readFile(join(target, '.logs/42/2.log'), 'utf8')) === '') await nextTurn();
    await rename(target, join(top, 'away'));
    await mkdir(join(target, '.logs/42'), { recursive: true });
    await writeFile(join(target, '.logs/42/2.log'), 'of another database\n');
    results.appendLog(generating(2), 2, 'after\n');
    results.appendLog(generating(1, { id: '43' }), 1, 'nothing was begun here\n');
    await results.flushLog(generating(2), 2);
    await results.flushLog(generating(1, { id: '43' }), 1);
    expect(await readFile(join(target, '.logs/42/2.log'), 'utf8')).toBe('of another database\n');
    expect(await readFile(join(top, 'away/.logs/42/2.log'), 'utf8')).toBe('before\nafter\n');
    expect(await readdir(join(target, '.logs'))).toEqual(['42']);
  });

  it('that cannot be written costs a warning, not the compose', async () => {
    const { logger, entries } = keepingLogger();
    const results = await open({ logger });
    await writeFile(join(target, '.logs', '42'), 'in the way');
    results.appendLog(generating(), 1, 'line\n');
    await results.flushLog(generating(), 1);
    expect(entries.map(({ message }) => message)).toEqual(['cannot write a compose log']);
  });

  it('drops what comes faster than it can be written, and says so', async () => {
    const results = await begun();
    // All in one turn of the event loop: nothing is written meanwhile.
    for (let count = 0; count < 9_000; count++) results.appendLog(generating(), 1, `${'x'.repeat(1_000)}\n`);
    await results.flushLog(generating(), 1);
    const lines = (await readFile(join(target, '.logs/42/1.log'), 'utf8')).split('\n');
    expect(lines.length).toBeLessThan(4_300);
    expect(lines.filter((line) => line.includes('dropped'))).toHaveLength(1);
  });
});
