// Packages of a generated attempt, read from compose/metadata/rpms.json in a worker thread: parsing it, and asking for
// the size of 60,000 files, would hold up everything else. They come over in small batches, each on request, so that
// receiving them does not either.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PackageRecord } from '../app/ports.ts';

export type ManifestMessage =
  | { readonly type: 'batch'; readonly packages: readonly PackageRecord[] }
  | { readonly type: 'end' }
  | { readonly type: 'failed'; readonly reason: string };

// Compiled, the thread's program lies beside this one as JavaScript.
const PROGRAM = new URL(import.meta.url.endsWith('.ts') ? './manifest-thread.ts' : './manifest-thread.js', import.meta.url);

/** Rejects where there is no manifest or it is none: the engine has checked it before. */
export async function readManifest(composeDirectory: string): Promise<readonly PackageRecord[]> {
  const thread = new Worker(PROGRAM, { workerData: { composeDirectory }, execArgv: [] });
  try {
    const packages: PackageRecord[] = [];
    for (;;) {
      const [message] = (await once(thread, 'message')) as [ManifestMessage];
      if (message.type === 'failed') throw new Error(`cannot read the manifest: ${message.reason}`);
      if (message.type === 'end') return packages;
      for (const record of message.packages) packages.push(record);
      thread.postMessage('next');
    }
  } finally {
    await thread.terminate();
  }
}
