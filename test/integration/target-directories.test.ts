// Target directories belong to one database, and problems with them are failures that say what is wrong.

import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { StorageError } from '../../src/app/ports.ts';
import { done, generating, INSTANCE, it, OTHER_INSTANCE } from '../support/target-fixture.ts';

function storage(message: RegExp) {
  return { code: 'STORAGE', retryable: true, message: expect.stringMatching(message) as unknown };
}

describe('A target directory', () => {
  it('is claimed when it is empty, and belongs to the database from then on', async ({ openResults, target }) => {
    const check = async (overrides = {}) => (await openResults(overrides)).checkTarget('default');
    expect(await check()).toBeNull();
    expect((await readFile(join(target, '.odcs-instance'), 'utf8')).trim()).toBe(INSTANCE);
    expect(await check()).toBeNull();
    expect(await check({ instanceId: OTHER_INSTANCE })).toMatchObject(storage(/another database/));
    expect(await check({ instanceId: OTHER_INSTANCE, adopt: true })).toBeNull();
    expect(await check()).toMatchObject(storage(/another database/));
  });

  it('with other content is claimed by adoption only', async ({ openResults, target }) => {
    await mkdir(join(target, 'other'), { recursive: true });
    const results = await openResults();
    expect(await results.checkTarget('default')).toMatchObject(storage(/ODCS_ADOPT_TARGET/));
    await expect(results.beginAttempt(generating())).rejects.toThrow(StorageError);
    expect(await readdir(target)).toEqual(['other']);
    expect(await (await openResults({ adopt: true })).checkTarget('default')).toBeNull();
  });

  it('of another database is neither written to nor purged', async ({ openResults, target }) => {
    await (await openResults()).stop();
    const trashed = join(target, '.trash', '11111111-1111-4111-8111-111111111111');
    await mkdir(trashed);
    const results = await openResults({ instanceId: OTHER_INSTANCE });
    await expect(results.trashCompose(done())).rejects.toThrow(StorageError);
    await results.stop();
    expect(existsSync(trashed)).toBe(true);
  });

  it('fails with STORAGE when it is unknown, almost full, or gone', async ({ openResults, results, target }) => {
    expect(await results.checkTarget('elsewhere')).toMatchObject(storage(/elsewhere/));
    const full = await openResults({ minFreeBytes: Number.MAX_SAFE_INTEGER });
    expect(await full.checkTarget('default')).toMatchObject(storage(/full/));
    await rm(target, { recursive: true });
    expect(await results.checkTarget('default')).toMatchObject(storage(/mounted/));
    await expect(results.beginAttempt(generating())).rejects.toThrow(StorageError);
  });

  it('is refused when its trash is a symbolic link', async ({ openResults, top, target }) => {
    await (await openResults()).stop();
    await rm(join(target, '.trash'), { recursive: true });
    await symlink(top, join(target, '.trash'));
    expect(await (await openResults()).checkTarget('default')).toMatchObject(storage(/\.trash/));
  });

  it('is chosen by the name in the compose', async ({ openResults, top, target }) => {
    const second = join(top, 'second');
    const results = await openResults({ targetDirs: { default: target, second } });
    const compose = generating(1, { targetDir: 'second' });
    const attempt = await results.beginAttempt(compose);
    expect(attempt.directory).toBe(join(second, '.attempts', '42.1'));
    await results.publish(compose, attempt);
    expect(existsSync(join(second, 'odcs-42'))).toBe(true);
  });
});
