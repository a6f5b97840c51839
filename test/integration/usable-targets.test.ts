// Target directories as they fail in life: missing, another database's, read-only, full. Nothing is begun for them.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsableTargets } from '../../src/app/usable-targets.ts';
import { StorageError, type Results } from '../../src/app/ports.ts';
import { createResults } from '../../src/results/directory-results.ts';
import { aCompose } from '../support/composes.ts';
import { silentLogger } from '../support/logger.ts';

const run = promisify(execFile);
const INSTANCE = '00000000-0000-4000-8000-00000000000a';
const OTHER = '00000000-0000-4000-8000-00000000000b';
let top: string;
let mounted: string[] = [];
const opened: (Results | UsableTargets)[] = [];
beforeEach(async () => {
  top = await realpath(await mkdtemp(join(tmpdir(), 'odcs-targets-')));
});
afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.stop();
  for (const path of mounted.splice(0)) await run('umount', [path]);
  await rm(top, { recursive: true });
});

async function open(
  targetDirs: Record<string, string>,
  { instanceId = INSTANCE, minFreeBytes = 0 } = {},
): Promise<Results> {
  const results = createResults({
    targetDirs,
    instanceId,
    adopt: false,
    publicUrl: 'http://x',
    minFreeBytes,
    logger: silentLogger,
  });
  await results.start();
  opened.push(results);
  return results;
}

async function watch(results: Results, names: readonly string[]) {
  const recovered = Promise.withResolvers<void>();
  const targets = new UsableTargets({
    results,
    targetDirs: names,
    onRecovered: recovered.resolve,
    recheckIntervalMs: 20,
    logger: silentLogger,
  });
  opened.push(targets);
  await targets.start();
  return { targets, recovered: recovered.promise };
}

const mayMount = await run('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', tmpdir()]).then(
  () => process.getuid?.() === 0,
  () => false,
);
async function mount(path: string, size: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', path]);
  mounted.push(path);
}

describe('work is begun for no target directory', () => {
  it('that is not mounted here, and is begun again when it is, without anybody’s doing', async () => {
    const [path, aside] = [join(top, 'composes'), join(top, 'aside')];
    const results = await open({ default: path, other: join(top, 'other') });
    await rename(path, aside);
    const { targets, recovered } = await watch(results, ['default', 'other']);
    expect(targets.unusable()).toEqual(['default']);
    // An empty mount point is not the file system that was mounted there.
    await mkdir(path);
    expect(await targets.check('default')).toMatchObject({ code: 'STORAGE', retryable: true });
    await rm(path, { recursive: true });
    await rename(aside, path);
    await recovered;
    expect(targets.unusable()).toEqual([]);
  });

  it('that is another database’s, or is not configured', async () => {
    const path = join(top, 'composes');
    await open({ default: path }, { instanceId: OTHER });
    const { targets } = await watch(await open({ default: path }), ['default']);
    expect(targets.unusable()).toEqual(['default']);
    expect((await targets.check('nowhere'))?.code).toBe('STORAGE');
    expect(targets.unusable()).toEqual(['default', 'nowhere']);
  });

  it('that has less free space than is asked for', async () => {
    const results = await open({ default: join(top, 'composes') }, { minFreeBytes: 2 ** 60 });
    const { targets } = await watch(results, ['default']);
    expect(await targets.check('default')).toMatchObject({
      code: 'STORAGE',
      message: expect.stringContaining('almost full') as string,
    });
  });

  it.skipIf(!mayMount)('that is read-only, until it is writable again (needs root, to mount)', async () => {
    const path = join(top, 'composes');
    await mount(path, '1m');
    const results = await open({ default: path });
    await run('mount', ['-o', 'remount,ro', path]);
    const { targets, recovered } = await watch(results, ['default']);
    expect(await targets.check('default')).toMatchObject({ message: expect.stringContaining('read-only') as string });
    await run('mount', ['-o', 'remount,rw', path]);
    await recovered;
    expect(targets.unusable()).toEqual([]);
  });

  it.skipIf(!mayMount)(
    'that is full; what was being written fails with STORAGE, and emptying helps (needs root, to mount)',
    async () => {
      const path = join(top, 'composes');
      await mount(path, '256k');
      const results = await open({ default: path });
      const { targets, recovered } = await watch(results, ['default']);
      const place = await results.beginAttempt(aCompose({ state: 'GENERATING', attempt: 1 }));
      await mkdir(join(place.directory, 'compose', 'Temporary'), { recursive: true });
      await expect(writeFile(join(place.directory, 'file'), Buffer.alloc(512 * 1024))).rejects.toThrow('ENOSPC');
      await expect(results.writeRepoFile(aCompose({ state: 'GENERATING', attempt: 1 }), place)).rejects.toThrow(
        StorageError,
      );
      expect((await targets.check('default'))?.code).toBe('STORAGE');
      await results.trashAttempt(place);
      await recovered;
      expect(await readdir(join(path, '.attempts'))).toEqual([]);
    },
  );
});
