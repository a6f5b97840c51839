// What a local repository may be, and how others are refused.

import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { execFileSync } from 'node:child_process';
import { beforeEach, describe, expect, it } from 'vitest';
import { namesAll } from '../support/names-all.ts';
import { writeRawRepository } from '../support/raw-repository.ts';
import { resolveRepo, temporaryDirectory } from '../support/repo-source.ts';

let top: string;
let repo: string;

beforeEach(() => {
  top = temporaryDirectory();
  repo = join(top, 'repo');
});

async function refusal(path = repo, options: Parameters<typeof resolveRepo>[1] = {}): Promise<string> {
  const outcome = await resolveRepo(path, options);
  if (!('failure' in outcome)) throw new Error('it was accepted');
  expect(outcome.failure).toMatchObject({ code: 'INVALID_SOURCE', retryable: false });
  return outcome.failure.message;
}

describe('A local repository has metadata that is packed with', () => {
  it.each([
    ['gzip', gzipSync, 'gz'],
    ['zstd', zstdCompressSync, 'zst'],
    ['nothing', (xml: Buffer) => xml, 'plain'],
    ['xz', (xml: Buffer) => execFileSync('xz', ['-c'], { input: xml }), 'xz'],
    ['bzip2', (xml: Buffer) => execFileSync('bzip2', ['-c'], { input: xml }), 'bz2'],
  ] as const)('%s', async (_name, pack, extension) => {
    writeRawRepository(repo, [{ name: 'a' }, { name: 'b', href: 'Packages/b/b-1.rpm' }], { pack, extension });
    const outcome = await resolveRepo(repo);
    if ('failure' in outcome) throw new Error(outcome.failure.message);
    const [opened] = outcome.input.repositories;
    expect(opened).toMatchObject({ arch: 'x86_64', isLocal: true, location: repo, revision: '7' });
    expect(
      readFileSync(opened?.packageIndex ?? '', 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(2);
    expect(outcome.input.source).toMatchObject({ revisions: ['7'] });
  });
});

describe('A local path', () => {
  it('is refused if it does not exist', async () => {
    expect(await refusal()).toEqual(namesAll(repo));
  });

  it('is refused without repodata, with the way to make it a repository', async () => {
    mkdirSync(repo);
    expect(await refusal()).toEqual(namesAll(repo, 'repodata/repomd.xml', 'createrepo_c'));
  });

  it('is refused if it is a file', async () => {
    writeFileSync(repo, '');
    expect(await refusal()).toEqual(namesAll(repo, 'repodata/'));
  });

  it('must be below a root after its symbolic links are resolved', async () => {
    writeRawRepository(join(top, 'secret'), [{ name: 'a' }]);
    mkdirSync(join(top, 'open'));
    symlinkSync(join(top, 'secret'), join(top, 'open', 'link'));
    const link = join(top, 'open', 'link');
    const message = await refusal(link, { repoRoots: [join(top, 'open')] });
    expect(message).toEqual(namesAll(link));
    expect(message).not.toContain('secret');
    // A directory with a common prefix in its name is not below the root.
    await refusal(join(top, 'secret'), { repoRoots: [join(top, 'sec')] });
    await refusal(join(top, 'secret'), { repoRoots: [] });
    expect(await resolveRepo(join(top, 'secret'), { repoRoots: [`${top}/`] })).toHaveProperty('input');
  });
});

describe('Damaged metadata', () => {
  it('is found by a size that is not that of repomd.xml', async () => {
    writeRawRepository(repo, [{ name: 'a' }]);
    truncateSync(join(repo, 'repodata/primary.xml.gz'), 100);
    expect(await refusal()).toEqual(namesAll('primary.xml.gz', '100 bytes', 'repomd.xml'));
  });

  it('is found by its checksum where the size is right', async () => {
    writeRawRepository(repo, [{ name: 'a' }], { primary: { size: 100 } });
    truncateSync(join(repo, 'repodata/primary.xml.gz'), 100);
    expect(await refusal()).toEqual(namesAll('primary.xml.gz', 'sha256', 'repomd.xml'));
  });

  it('is found where repomd.xml has a wrong checksum', async () => {
    writeRawRepository(repo, [{ name: 'a' }], { primary: { checksum: '0'.repeat(64) } });
    expect(await refusal()).toEqual(namesAll('primary.xml.gz', 'sha256'));
  });

  it('is found in files that only createrepo_c reads', async () => {
    writeRawRepository(repo, [{ name: 'a' }]);
    writeFileSync(join(repo, 'repodata/other.xml.gz'), 'changed');
    expect(await refusal()).toEqual(namesAll('other.xml.gz', '7 bytes'));
  });

  it('is a truncated repomd.xml', async () => {
    writeRawRepository(repo, [{ name: 'a' }]);
    truncateSync(join(repo, 'repodata/repomd.xml'), 200);
    expect(await refusal()).toEqual(namesAll('repomd.xml', 'well-formed'));
  });

  it('is a web page in place of repomd.xml', async () => {
    mkdirSync(join(repo, 'repodata'), { recursive: true });
    writeFileSync(join(repo, 'repodata/repomd.xml'), '<html><body>Not found</body></html>');
    expect(await refusal()).toEqual(namesAll('repomd.xml', '<html>'));
  });

  it('is a truncated primary.xml whose sizes and checksums are right', async () => {
    writeRawRepository(repo, [{ name: 'a' }], { pack: (xml) => gzipSync(xml.subarray(0, xml.length - 30)) });
    expect(await refusal()).toEqual(namesAll('primary.xml.gz', 'well-formed'));
  });

  it('is a file that unpacks to more than its size in repomd.xml', async () => {
    writeRawRepository(repo, [{ name: 'a' }], {
      pack: (xml) => gzipSync(Buffer.concat([xml, Buffer.alloc(50_000_000, 32)]), { level: constants.Z_BEST_SPEED }),
    });
    expect(await refusal()).toMatch(/primary\.xml\.gz unpacks to more than \d+ bytes/);
  });

  it('is a package that is shorter than its metadata says, or absent', async () => {
    writeRawRepository(repo, [{ name: 'a', size: 4_711 }]);
    expect(await refusal()).toEqual(namesAll('4711 bytes', 'a.rpm'));
    rmSync(repo, { recursive: true });
    writeRawRepository(repo, [{ name: 'a', absent: true }]);
    expect(await refusal()).toEqual(namesAll('“a.rpm”'));
  });
});

describe('Metadata is refused if it points out of its repository', () => {
  it.each([
    ['by ..', { href: '../outside.rpm' }, /it leads out of the repository/],
    ['by .. in the middle', { href: 'a/../../outside.rpm' }, /it leads out of the repository/],
    ['absolutely', { href: '/etc/passwd', absent: true }, /it is absolute/],
    ['to another host', { href: 'https://elsewhere.example/a.rpm', absent: true }, /it is absolute/],
    ['to a file: URL', { href: 'file:///etc/passwd', absent: true }, /it is absolute/],
    ['by encoded dots', { href: '%2e%2e/outside.rpm' }, /encoded/],
    ['by xml:base', { locationAttributes: 'xml:base="https://elsewhere.example/"' }, /xml:base/],
    ['by a backslash', { href: '..\\outside.rpm' }, /backslash/],
  ] as const)('%s', async (_how, pkg, reason) => {
    writeRawRepository(repo, [{ name: 'a', ...pkg }]);
    expect(await refusal()).toMatch(reason);
  });

  it('by a symbolic link to a file', async () => {
    writeFileSync(join(top, 'outside'), 'not really an RPM: a\n');
    writeRawRepository(repo, [{ name: 'a', absent: true }]);
    symlinkSync('../outside', join(repo, 'a.rpm'));
    expect(await refusal()).toEqual(namesAll('symbolic link'));
  });

  it('by a symbolic link to a directory', async () => {
    mkdirSync(join(top, 'outside'));
    writeFileSync(join(top, 'outside', 'a.rpm'), 'not really an RPM: a\n');
    writeRawRepository(repo, [{ name: 'a', href: 'Packages/a.rpm', absent: true }]);
    symlinkSync(join(top, 'outside'), join(repo, 'Packages'));
    expect(await refusal()).toEqual(namesAll('symbolic link'));
  });

  it('with repodata itself', async () => {
    writeRawRepository(join(top, 'other'), [{ name: 'a' }]);
    mkdirSync(repo);
    symlinkSync(join(top, 'other/repodata'), join(repo, 'repodata'));
    expect(await refusal()).toEqual(namesAll('repodata/repomd.xml', 'symbolic link'));
  });

  it('from repomd.xml', async () => {
    writeRawRepository(repo, [{ name: 'a' }], { primary: { href: '../primary.xml.gz' } });
    expect(await refusal()).toEqual(namesAll('primary', '../primary.xml.gz'));
    writeRawRepository(repo, [{ name: 'a' }], { primary: { attributes: 'xml:base="https://elsewhere.example/"' } });
    expect(await refusal()).toMatch(/xml:base/);
  });

  it('but not by a symbolic link inside', async () => {
    writeRawRepository(repo, [{ name: 'a', absent: true }]);
    writeFileSync(join(repo, 'real'), 'not really an RPM: a\n');
    symlinkSync('real', join(repo, 'a.rpm'));
    expect(await resolveRepo(repo)).toHaveProperty('input');
  });

  it('or to something that is no regular file', async () => {
    writeRawRepository(repo, [{ name: 'a', absent: true }]);
    execFileSync('mkfifo', [join(repo, 'a.rpm')]);
    expect(await refusal()).toMatch(/it is not a regular file/);
  });
});
