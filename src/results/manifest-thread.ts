// The program of the thread that manifest.ts starts: reads rpms.json (productmd 1.2), sends its packages in batches.

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import type { PackageRecord } from '../app/ports.ts';
import type { ManifestMessage } from './manifest.ts';

const BATCH = 500;

interface Rpm {
  readonly category: 'binary' | 'source' | 'debug';
  readonly path: string;
  readonly sigkey: string | null;
}
interface Manifest {
  readonly payload: { readonly rpms: Record<string, Record<string, Record<string, Record<string, Rpm>>>> };
}

/** Each file once: productmd repeats a source package for every arch that has something built from it. */
function* packagesOf(composeDirectory: string): Generator<PackageRecord> {
  const manifest = JSON.parse(readFileSync(join(composeDirectory, 'metadata', 'rpms.json'), 'utf8')) as Manifest;
  const seen = new Set<string>();
  for (const trees of Object.values(manifest.payload.rpms)) {
    for (const [treeArch, sources] of Object.entries(trees)) {
      for (const [sourceNevra, rpms] of Object.entries(sources)) {
        for (const [nevra, rpm] of Object.entries(rpms)) {
          if (seen.has(rpm.path)) continue;
          seen.add(rpm.path);
          yield toRecord(composeDirectory, treeArch, sourceNevra, nevra, rpm);
        }
      }
    }
  }
}

function toRecord(composeDirectory: string, treeArch: string, sourceNevra: string, nevra: string, rpm: Rpm): PackageRecord {
  const [, name, arch] = /^(.+)-\d+:[^-]+-[^-]+\.([^.]+)$/.exec(nevra) ?? [];
  if (!name || !arch) throw new Error(`not a NEVRA: ${nevra}`);
  const { category, path, sigkey } = rpm;
  if (path.startsWith('/') || path.split('/').includes('..')) throw new Error(`leads out of the compose: ${path}`);
  const sizeBytes = statSync(join(composeDirectory, path), { throwIfNoEntry: false })?.size ?? null;
  return { nevra, name, arch, sourceNevra: category === 'source' ? null : sourceNevra, sigkey, path, sizeBytes, treeArch, category };
}

/** By hand: leaving a `for … of`, and `take`, would close the generator. */
function nextOf<T>(items: Generator<T>, count: number): T[] {
  const batch: T[] = [];
  while (batch.length < count) {
    const { done, value } = items.next();
    if (done) break;
    batch.push(value);
  }
  return batch;
}

function send(port: MessagePort, message: ManifestMessage): void {
  port.postMessage(message);
}

function main(port: MessagePort, { composeDirectory }: { readonly composeDirectory: string }): void {
  const packages = packagesOf(composeDirectory);
  function sendBatch(): void {
    try {
      const batch = nextOf(packages, BATCH);
      send(port, batch.length > 0 ? { type: 'batch', packages: batch } : { type: 'end' });
    } catch (error) {
      send(port, { type: 'failed', reason: error instanceof Error ? error.message : String(error) });
    }
  }
  port.on('message', sendBatch);
  sendBatch();
}

if (parentPort) main(parentPort, workerData as { composeDirectory: string });
