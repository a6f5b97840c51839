// Publishing composes, trashing them and their attempts, and what is served of them.

import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { AttemptSuperseded } from '../../src/app/ports.ts';
import { aCompose, T0 } from '../support/composes.ts';
import { done, generateFile, generating, it, PUBLIC_URL, purged } from '../support/target-fixture.ts';

async function publishedContent(target: string): Promise<string | null> {
  return readFile(join(target, 'odcs-42/compose/Temporary/file'), 'utf8').catch(() => null);
}

describe('A compose', () => {
  it('is visible when it is published, without its scratch directory', async ({ results, target }) => {
    const attempt = await results.beginAttempt(generating());
    expect(await readdir(attempt.directory)).toEqual([]);
    await generateFile(attempt);
    await writeFile(join(attempt.scratch, 'secret'), '');
    await results.writeRepoFile(generating(), attempt);
    expect(existsSync(join(target, 'odcs-42'))).toBe(false);
    await results.publish(generating(), attempt);
    await results.trashAttempt(attempt);
    expect(await publishedContent(target)).toBe('content');
    expect(await readdir(join(target, '.attempts'))).toEqual([]);
    await purged(target);
  });

  it('is not published by a superseded attempt', async ({ results, target }) => {
    const superseded = await results.beginAttempt(generating(1));
    await generateFile(superseded, 'superseded');
    const latest = await results.beginAttempt(generating(2));
    await generateFile(latest, 'latest');
    await expect(results.publish(generating(1), superseded)).rejects.toThrow(AttemptSuperseded);
    await results.publish(generating(2), latest);
    expect(await publishedContent(target)).toBe('latest');
  });

  it('can be published again after a commit that failed, unless it was trashed meanwhile', async ({
    results,
    target,
  }) => {
    const attempt = await results.beginAttempt(generating());
    await generateFile(attempt);
    await results.publish(generating(), attempt);
    await results.publish(generating(), attempt);
    expect(await publishedContent(target)).toBe('content');
    // A worker reclaimed the compose, but failed to commit that.
    await results.trashAttempts(generating());
    await expect(results.publish(generating(), attempt)).rejects.toThrow(AttemptSuperseded);
  });

  it('is not touched by an attempt that begins too late', async ({ results, target }) => {
    const latest = await results.beginAttempt(generating(2));
    await generateFile(latest);
    await expect(results.beginAttempt(generating(1))).rejects.toThrow(AttemptSuperseded);
    await results.publish(generating(2), latest);
    await results.trashAttempt(latest);
    await expect(results.beginAttempt(generating(1))).rejects.toThrow(AttemptSuperseded);
    expect(await publishedContent(target)).toBe('content');
  });

  it('is trashed by the next attempt when it was published but never became DONE', async ({ results, target }) => {
    const first = await results.beginAttempt(generating(1));
    await generateFile(first, 'first');
    await results.publish(generating(1), first);
    const second = await results.beginAttempt(generating(2));
    expect(existsSync(join(target, 'odcs-42'))).toBe(false);
    await generateFile(second, 'second');
    await results.publish(generating(2), second);
    expect(await publishedContent(target)).toBe('second');
  });

  it('is trashed with its logs, but without those of other composes', async ({ results, target }) => {
    for (const id of ['42', '421']) {
      const compose = generating(1, { id });
      const attempt = await results.beginAttempt(compose);
      await generateFile(attempt);
      results.appendLog(compose, 1, 'line\n');
      await results.flushLog(compose, 1);
      await results.publish(compose, attempt);
    }
    await results.trashCompose(done());
    expect((await readdir(target)).filter((name) => !name.startsWith('.'))).toEqual(['odcs-421']);
    expect(await readdir(join(target, '.logs'))).toEqual(['421']);
    await results.trashCompose(done());
    await purged(target);
  });
});

describe('Trashing and purging', () => {
  it('follow no symbolic link', async ({ results, top, target }) => {
    const outside = join(top, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'precious'), '');
    const attempt = await results.beginAttempt(generating());
    await symlink(outside, join(attempt.directory, 'link'));
    await symlink(join(outside, 'precious'), join(attempt.directory, 'file'));
    await results.trashAttempt(attempt);
    await symlink(outside, join(target, 'odcs-42'));
    await results.trashCompose(done());
    await purged(target);
    expect(await readdir(outside)).toEqual(['precious']);
  });

  it('continue after a restart, even with unreadable directories', async ({ openResults, target }) => {
    await (await openResults()).stop();
    const closed = join(target, '.trash', '11111111-1111-4111-8111-111111111111', 'deep', 'closed');
    await mkdir(closed, { recursive: true });
    await writeFile(join(closed, 'file'), '');
    await chmod(closed, 0o000);
    await openResults();
    await purged(target);
    expect(existsSync(closed)).toBe(false);
  });

  it('ignore directories with other names', async ({ results, target }) => {
    const others = ['odcs-x', 'latest', '.attempts/42.x', '.attempts/other', '.logs/other', '.trash/mine'];
    for (const name of others) await mkdir(join(target, name), { recursive: true });
    await results.trashAttempt(await results.beginAttempt(generating()));
    await results.trashCompose(done());
    await purged(target, 1);
    expect(others.filter((name) => !existsSync(join(target, name)))).toEqual([]);
  });

  it('refuse other paths and invalid ids', async ({ results, top }) => {
    await expect(results.trashAttempt({ directory: top, scratch: top })).rejects.toThrow('not an attempt');
    await expect(results.trashAttempt({ directory: join(top, '.attempts/42.1'), scratch: top })).rejects.toThrow(
      'not an attempt',
    );
    await expect(results.trashCompose(done({ id: '../..' }))).rejects.toThrow('not a compose id');
  });
});

describe('A served compose', () => {
  const repoFile = [
    '[odcs-42]',
    'name=ODCS repository for compose odcs-42',
    `baseurl=${PUBLIC_URL}/composes/odcs-42/compose/Temporary/$basearch/os`,
    'enabled=1',
    'gpgcheck=0',
    'skip_if_unavailable=False',
    '',
  ].join('\n');

  it('has URLs and a .repo file, which a reuser has, too', ({ results }) => {
    expect(results.urls(done())).toEqual({
      toplevel: `${PUBLIC_URL}/composes/odcs-42`,
      repository: `${PUBLIC_URL}/composes/odcs-42/compose/Temporary`,
      repofile: `${PUBLIC_URL}/composes/odcs-42/compose/Temporary/odcs-42.repo`,
    });
    expect(results.repoFile(done())).toBe(repoFile);
    expect(results.urls(done({ id: '50', reuses: '42' }))?.toplevel).toBe(`${PUBLIC_URL}/composes/odcs-42`);
  });

  it.for([
    { why: 'is being generated', compose: generating() },
    { why: 'was removed', compose: aCompose({ state: 'REMOVED' }) },
    { why: 'is being removed', compose: done({ removingAt: T0 }) },
  ])('is no compose that $why', ({ compose }, { results }) => {
    expect(results.urls(compose)).toBeNull();
    expect(results.repoFile(compose)).toBeNull();
  });
});

describe('The manifest of an attempt', () => {
  const rpm = (category: string, path: string) => ({ category, path, sigkey: null });

  it('lists each file once, with its size', async ({ results }) => {
    const attempt = await results.beginAttempt(generating());
    const sources = {
      'a-b-0:1.0-1.src': {
        'a-b-0:1.0-1.src': rpm('source', 'Temporary/source/tree/a.src.rpm'),
        'a-b-1:1.0-1.noarch': rpm('binary', 'Temporary/x86_64/os/a.rpm'),
      },
    };
    const compose = join(attempt.directory, 'compose');
    await mkdir(join(compose, 'metadata'), { recursive: true });
    await mkdir(join(compose, 'Temporary/x86_64/os'), { recursive: true });
    await writeFile(join(compose, 'Temporary/x86_64/os/a.rpm'), '12345');
    const rpms = { Temporary: { x86_64: sources, aarch64: sources } };
    await writeFile(join(compose, 'metadata/rpms.json'), JSON.stringify({ payload: { rpms } }));
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
  });

  it('is refused with a path outside of the compose, or without a file', async ({ results }) => {
    const attempt = await results.beginAttempt(generating());
    const path = join(attempt.directory, 'compose/metadata/rpms.json');
    await mkdir(join(path, '..'), { recursive: true });
    const rpms = { T: { x: { s: { 'a-0:1-1.src': rpm('binary', '../../../etc/passwd') } } } };
    await writeFile(path, JSON.stringify({ payload: { rpms } }));
    await expect(results.readManifest(attempt)).rejects.toThrow('outside of the compose');
    await rm(path);
    await expect(results.readManifest(attempt)).rejects.toThrow('ENOENT');
  });
});
