// Downloads of packages that several arches of a compose need at the same time.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PackageDownloads } from '../../src/app/ports.ts';
import { failure } from '../../src/compose/failure.ts';
import { downloadPackages } from '../../src/engines/dnf/download-packages.ts';

type Download = Parameters<PackageDownloads['download']>[0];

let to: string;
beforeEach(async () => void (to = await mkdtemp(join(tmpdir(), 'odcs-download-'))));
afterEach(() => rm(to, { recursive: true, force: true }));

const NOARCH = { href: 'a.noarch.rpm', sizeBytes: 1, checksumType: 'sha256', checksum: 'aa' };
const OTHER = { href: 'b.noarch.rpm', sizeBytes: 1, checksumType: 'sha256', checksum: 'bb' };

function start(
  packages: readonly (typeof NOARCH)[],
  download: PackageDownloads['download'],
  signal = new AbortController().signal,
) {
  return downloadPackages({ packages, from: 'https://repos.example/f43', to, downloads: { download }, signal });
}

describe('A package that two arches need', () => {
  it('is downloaded once, before both continue', async () => {
    const asked: string[] = [];
    const go = Promise.withResolvers<void>();
    const download = async ({ url, to: path }: Download) => {
      asked.push(url);
      await go.promise;
      await writeFile(path, 'x');
      return null;
    };
    const both = [start([NOARCH, NOARCH], download), start([NOARCH], download)];
    go.resolve();
    expect(await Promise.all(both)).toEqual([null, null]);
    expect(asked).toEqual(['https://repos.example/f43/a.noarch.rpm']);
  });

  it('is downloaded by the second arch when the first was aborted', async () => {
    const stopped = new AbortController();
    const waits = Promise.withResolvers<void>();
    const first = start(
      [NOARCH],
      async ({ signal }) => {
        waits.resolve();
        await new Promise<void>((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
        );
        return null;
      },
      stopped.signal,
    );
    await waits.promise;
    const second = start([NOARCH], async ({ to: path }) => writeFile(path, 'x').then(() => null));
    stopped.abort(new Error('the other arch failed'));
    await expect(first).rejects.toThrow('the other arch failed');
    expect(await second).toBeNull();
  });

  it('fails for both when the download fails', async () => {
    const gone = failure('INVALID_SOURCE', 'gone');
    expect(await Promise.all([start([NOARCH], async () => gone), start([OTHER, NOARCH], async () => gone)])).toEqual([
      gone,
      gone,
    ]);
  });
});
