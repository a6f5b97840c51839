// Downloads packages of a remote repository into a directory, by checksum. Each package is downloaded once, even when several
// arches need it at the same time.

import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackageDownloads } from '../../app/ports.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import { mapFailFast } from '../../concurrency/map-fail-fast.ts';

interface Downloadable {
  readonly href: string;
  readonly sizeBytes: number;
  readonly checksumType: string;
  readonly checksum: string;
}

interface DownloadTask {
  readonly packages: Iterable<Downloadable> | AsyncIterable<Downloadable>;
  /** URL of the repository. */
  readonly from: string;
  readonly to: string;
  readonly downloads: PackageDownloads;
  readonly signal: AbortSignal;
  onDone?(done: number): void;
}

const CONCURRENCY = 8;

export async function downloadPackages(task: DownloadTask): Promise<ComposeFailure | null> {
  const { packages, from, to, downloads, signal } = task;
  let done = 0;
  return await mapFailFast(packages, CONCURRENCY, signal, async ({ href, sizeBytes, checksumType, checksum }, stop) => {
    const path = join(to, checksum);
    const failed = await afterOthers(path, async () =>
      (await exists(path))
        ? null
        : downloads.download({ url: fileUrl(from, href), to: path, sizeBytes, checksumType, checksum, signal: stop }),
    );
    if (failed) return failed;
    task.onDone?.(++done);
    return null;
  });
}

/** Downloads that are running, by path. */
const running = new Map<string, Promise<ComposeFailure | null>>();

/** Runs after other downloads of the same path. These can have been aborted, so that their results do not count. */
async function afterOthers(
  path: string,
  download: () => Promise<ComposeFailure | null>,
): Promise<ComposeFailure | null> {
  for (let other = running.get(path); other; other = running.get(path)) await other.catch(() => {});
  const own = download();
  running.set(path, own);
  try {
    return await own;
  } finally {
    running.delete(path);
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** Keeps a query of the repository's URL, e.g. an access token. */
function fileUrl(repository: string, href: string): string {
  const url = new URL(repository);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${href.split('/').map(encodeURIComponent).join('/')}`;
  return url.href;
}
