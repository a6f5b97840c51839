// A worker takes no work for target directories that are missing, of another database, read-only or full.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsableTargets } from '../../src/app/usable-targets.ts';
import { StorageError, type Results } from '../../src/app/ports.ts';
import { aCompose } from '../support/composes.ts';
import { silentLogger } from '../support/logger.ts';
import { OTHER_INSTANCE, startResults } from '../support/target-fixture.ts';

const run = promisify(execFile);
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

async function open(...options: Parameters<typeof startResults>): Promise<Results> {
  const results = await startResults(...options);
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

describe('A target directory', () => {
  it('is unusable while it is not mounted, and usable again when it is', async () => {
    const [path, aside] = [join(top, 'composes'), join(top, 'aside')];
    const results = await open({ default: path, other: join(top, 'other') });
    await rename(path, aside);
    const { targets, recovered } = await watch(results, ['default', 'other']);
    expect(targets.unusable()).toEqual(['default']);
    // An empty mount point does not belong to the database.
    await mkdir(path);
    expect(await targets.check('default')).toMatchObject({ code: 'STORAGE', retryable: true });
    await rm(path, { recursive: true });
    await rename(aside, path);
    await recovered;
    expect(targets.unusable()).toEqual([]);
  });

  it('is unusable when it belongs to another database or is not configured', async () => {
    const path = join(top, 'composes');
    await open({ default: path }, { instanceId: OTHER_INSTANCE });
    const { targets } = await watch(await open({ default: path }), ['default']);
    expect(targets.unusable()).toEqual(['default']);
    expect((await targets.check('nowhere'))?.code).toBe('STORAGE');
    expect(targets.unusable()).toEqual(['default', 'nowhere']);
  });

  it('is unusable with less free space than the minimum', async () => {
    const results = await open({ default: join(top, 'composes') }, { minFreeBytes: 2 ** 60 });
    const { targets } = await watch(results, ['default']);
    expect(await targets.check('default')).toMatchObject({
      code: 'STORAGE',
      message: expect.stringContaining('full') as string,
    });
  });

  it.skipIf(!mayMount)('is unusable while it is read-only (needs root, to mount)', async () => {
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
    'is unusable while it is full, and writing to it fails with STORAGE (needs root, to mount)',
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
