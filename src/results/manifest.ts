// Packages of a generated attempt, read from compose/metadata/rpms.json in a thread: parsing it, and asking for the size
// of 60,000 files, would hold up everything else. They come over in small batches, spaced out, so that receiving them
// does not either.

import type { PackageRecord } from '../app/ports.ts';
import { runInThread, threadModule } from '../concurrency/worker-thread.ts';

/** Rejects where there is no manifest or it is none: what the engine made is broken. */
export async function readManifest(composeDirectory: string): Promise<readonly PackageRecord[]> {
  const packages: PackageRecord[] = [];
  await runInThread<null, readonly PackageRecord[]>({
    module: threadModule(import.meta.url, 'manifest-thread'),
    input: composeDirectory,
    signal: new AbortController().signal,
    onReport: (batch) => {
      for (const record of batch) packages.push(record);
    },
  });
  return packages;
}
