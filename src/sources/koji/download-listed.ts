// Downloads the files of listed packages from where Koji serves them, each at the first of its possible paths that exists.

import { createReadStream } from 'node:fs';
import { access, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import type { ComposeFailure } from '../../compose/failure.ts';
import { decodePackage, type RpmPackage } from '../../compose/rpm-package.ts';
import { mapFailFast } from '../../concurrency/map-fail-fast.ts';
import { encodePath } from '../../upstreams/koji/path-info.ts';
import type { PackageFiles } from '../repo/package-files.ts';

interface DownloadPlaces {
  /** Koji's top URL, with a slash at its end. */
  readonly from: string;
  /** Gets the files under their paths. */
  readonly root: string;
  readonly scratch: string;
}

const CONCURRENT_DOWNLOADS = 8;
/** A signed copy is longer than the hub's size by its signatures. */
const MAX_SIGNATURES_BYTES = 1024 * 1024;
const MAX_BYTES = 16 * 1024 ** 3;

/** `packages`: an index of packages with `unread`. A package without a file is no failure here. Rejects after an abort. */
export function downloadListed(
  files: Pick<PackageFiles, 'fetch'>,
  packages: string,
  places: DownloadPlaces,
  signal: AbortSignal,
): Promise<ComposeFailure | null> {
  const lines = createInterface({ input: createReadStream(packages), crlfDelay: Infinity });
  return mapFailFast(lines, CONCURRENT_DOWNLOADS, signal, (line, either) =>
    download(files, decodePackage(line), places, either),
  );
}

async function download(
  files: Pick<PackageFiles, 'fetch'>,
  { unread, sizeBytes }: RpmPackage,
  { from, root, scratch }: DownloadPlaces,
  signal: AbortSignal,
): Promise<ComposeFailure | null> {
  for (const { path, sizeBytes: exactBytes } of unread?.candidates ?? []) {
    const to = join(root, path);
    if (await exists(to)) return null;
    const part = join(scratch, path);
    await Promise.all([to, part].map((file) => mkdir(dirname(file), { recursive: true })));
    const maxBytes = exactBytes ?? (sizeBytes > 0 ? sizeBytes + MAX_SIGNATURES_BYTES : MAX_BYTES);
    const fetched = await files.fetch({ url: `${from}${encodePath(path)}`, to: part, maxBytes, signal });
    if ('failure' in fetched) return fetched.failure;
    // Renamed when it is complete, because another arch may look for it at the same time.
    if (fetched.value) return await rename(part, to).then(() => null);
  }
  return null;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
