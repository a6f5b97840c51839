// The packages of a remote repository, brought to scratch under the name of their checksum: once each, whoever wants them.

import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackageDownloads } from '../../app/ports.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import { allOrNone } from '../../all-or-none.ts';

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
  const under = new Set<string>();
  return await allOrNone(packages, AT_A_TIME, signal, async ({ href, sizeBytes, checksumType, checksum }, stop) => {
    const path = join(to, checksum);
    if (!under.has(checksum) && !(await exists(path))) {
      under.add(checksum);
      const failed = await downloads.download({ url: fileUrl(from, href), to: path, sizeBytes, checksumType, checksum, signal: stop });
      if (failed) return failed;
    }
    task.onDone?.(++done);
    return null;
  });
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
