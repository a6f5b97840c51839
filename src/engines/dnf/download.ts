// The packages of a remote repository, brought to scratch under the name of their checksum: once each, whoever wants them.

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

export interface DownloadTask {
  readonly packages: Iterable<Downloadable> | AsyncIterable<Downloadable>;
  /** The repository's URL. */
  readonly from: string;
  readonly to: string;
  readonly downloads: PackageDownloads;
  readonly signal: AbortSignal;
  onDone?(done: number): void;
}

const AT_A_TIME = 8;

export async function downloadPackages(task: DownloadTask): Promise<ComposeFailure | null> {
  const { packages, from, to, downloads, signal } = task;
  let done = 0;
  return await mapFailFast(packages, AT_A_TIME, signal, async ({ href, sizeBytes, checksumType, checksum }, stop) => {
    const path = join(to, checksum);
    const failed = await inTurn(path, async () =>
      (await exists(path))
        ? null
        : downloads.download({ url: fileUrl(from, href), to: path, sizeBytes, checksumType, checksum, signal: stop }),
    );
    if (failed) return failed;
    task.onDone?.(++done);
    return null;
  });
}

/** By path: the arches of a compose are chosen side by side, and have their noarch packages in common. */
const underWay = new Map<string, Promise<ComposeFailure | null>>();

/** Whoever comes second looks for itself what came of the first: that one may have been stopped. */
async function inTurn(path: string, bring: () => Promise<ComposeFailure | null>): Promise<ComposeFailure | null> {
  for (let other = underWay.get(path); other; other = underWay.get(path)) await other.catch(() => {});
  const bringing = bring();
  underWay.set(path, bringing);
  try {
    return await bringing;
  } finally {
    underWay.delete(path);
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** The repository's URL may carry a query, which its files need as well. */
function fileUrl(repository: string, href: string): string {
  const url = new URL(repository);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${href.split('/').map(encodeURIComponent).join('/')}`;
  return url.href;
}
