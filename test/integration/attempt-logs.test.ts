// The logs of attempts: what is stored of an engine's output, and how it is read.

import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import type { Results } from '../../src/app/ports.ts';
import { keepingLogger } from '../support/logger.ts';
import { generating, it as base, PUBLIC_URL } from '../support/target-fixture.ts';

/** With an attempt of compose 42 that has begun. */
const it = base.extend<{ readonly begun: Results }>({
  begun: async ({ results }, use) => {
    await results.beginAttempt(generating());
    await use(results);
  },
});

async function store(results: Results, ...texts: readonly string[]): Promise<string> {
  for (const text of texts) results.appendLog(generating(), 1, text);
  await results.flushLog(generating(), 1);
  return (await results.readLog(generating(), 1, 0, true)).text;
}

describe('A stored log', () => {
  it('has URLs instead of server paths', async ({ begun, target }) => {
    const line = `${target}/.attempts/42.1/compose ${target}/.attempts/42.1.scratch/x ${target}/odcs-7\n`;
    expect(await store(begun, line)).toBe(
      `${PUBLIC_URL}/composes/odcs-42/compose (scratch)/x ${PUBLIC_URL}/composes/odcs-7\n`,
    );
  });

  it('has neither tracebacks nor credentials', async ({ begun }) => {
    const traceback = 'Traceback (most recent call last):\n  File "x.py"\n    password = 1\nValueError: oops\n';
    expect(await store(begun, 'one\n', traceback, 'GET http://u:p@host/\n')).toBe(
      'one\nValueError: oops\nGET http://host/\n',
    );
  });

  it('has whole lines, even when they arrive in pieces, and a last line without a line end', async ({ begun }) => {
    expect(await store(begun, 'a', 'b\nc', '\n', 'rest')).toBe('ab\nc\nrest\n');
  });

  it('lacks output that arrives faster than it can be written, and says so', async ({ begun, target }) => {
    // In one turn of the event loop, so that nothing is written meanwhile.
    for (let count = 0; count < 9_000; count++) begun.appendLog(generating(), 1, `${'x'.repeat(1_000)}\n`);
    await begun.flushLog(generating(), 1);
    const lines = (await readFile(join(target, '.logs/42/1.log'), 'utf8')).split('\n');
    expect(lines.length).toBeLessThan(4_300);
    expect(lines.filter((line) => line.includes('dropped'))).toHaveLength(1);
  });
});

describe('Reading a log', () => {
  it('returns 64 KiB of whole lines from a byte offset, and cuts no character', async ({ begun }) => {
    const text = `${'größe €𝄞 '.repeat(40)}\n`.repeat(400);
    begun.appendLog(generating(), 1, text);
    await begun.flushLog(generating(), 1);
    let read = '';
    let offset = 0;
    for (;;) {
      const chunk = await begun.readLog(generating(), 1, offset, false);
      if (chunk.text === '') break;
      expect(chunk.text.endsWith('\n')).toBe(true);
      expect(Buffer.byteLength(chunk.text)).toBe(chunk.nextOffset - offset);
      expect(Buffer.byteLength(chunk.text)).toBeLessThanOrEqual(65_536);
      read += chunk.text;
      offset = chunk.nextOffset;
    }
    expect(read).toBe(text);
    const insideCharacter = Buffer.byteLength('gr') + 1;
    expect((await begun.readLog(generating(), 1, insideCharacter, false)).text.startsWith('ße')).toBe(true);
  });

  it('returns an incomplete last line only when the log is complete', async ({ begun, target }) => {
    await writeFile(join(target, '.logs/42/1.log'), 'whole\nhal');
    expect(await begun.readLog(generating(), 1, 0, false)).toEqual({ text: 'whole\n', nextOffset: 6 });
    expect(await begun.readLog(generating(), 1, 6, false)).toEqual({ text: '', nextOffset: 6 });
    expect(await begun.readLog(generating(), 1, 6, true)).toEqual({ text: 'hal', nextOffset: 9 });
    expect(await begun.readLog(generating(), 9, 3, true)).toEqual({ text: '', nextOffset: 3 });
  });
});

describe('Writing a log', () => {
  it('does not write to a directory that replaces the target directory meanwhile', async ({ begun, top, target }) => {
    await begun.beginAttempt(generating(2));
    begun.appendLog(generating(2), 2, 'before\n');
    while ((await readFile(join(target, '.logs/42/2.log'), 'utf8')) === '') await nextTurn();
    await rename(target, join(top, 'replaced'));
    await mkdir(join(target, '.logs/42'), { recursive: true });
    await writeFile(join(target, '.logs/42/2.log'), 'of another database\n');
    begun.appendLog(generating(2), 2, 'after\n');
    begun.appendLog(generating(1, { id: '43' }), 1, 'of an attempt that began elsewhere\n');
    await begun.flushLog(generating(2), 2);
    await begun.flushLog(generating(1, { id: '43' }), 1);
    expect(await readFile(join(target, '.logs/42/2.log'), 'utf8')).toBe('of another database\n');
    expect(await readFile(join(top, 'replaced/.logs/42/2.log'), 'utf8')).toBe('before\nafter\n');
    expect(await readdir(join(target, '.logs'))).toEqual(['42']);
  });

  it('logs a warning when it is impossible, and does not fail', async ({ openResults, target }) => {
    const { logger, entries } = keepingLogger();
    const results = await openResults({ logger });
    await writeFile(join(target, '.logs', '42'), 'not a directory');
    results.appendLog(generating(), 1, 'line\n');
    await results.flushLog(generating(), 1);
    expect(entries.map(({ level }) => level)).toEqual(['warn']);
  });
});
