// Reads the packages of an attempt from metadata/rpms.json in a thread: parsing it, and reading the sizes of 60,000 files, would
// block the event loop. The thread sends them in small batches with pauses, so that receiving them does not block it either.

import type { PackageRecord } from '../app/ports.ts';
import { runInThread, threadModule } from '../concurrency/worker-thread.ts';

/** Rejects when the engine wrote no rpms.json, or an invalid one. */
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
