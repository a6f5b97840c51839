// The program of the thread that manifest.ts starts: reads rpms.json (productmd 1.2), sends its packages in batches.

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { PackageRecord } from '../app/ports.ts';
import { serveThread } from '../concurrency/worker-thread.ts';

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

function toRecord(
  composeDirectory: string,
  treeArch: string,
  sourceNevra: string,
  nevra: string,
  rpm: Rpm,
): PackageRecord {
  const [, name, arch] = /^(.+)-\d+:[^-]+-[^-]+\.([^.]+)$/.exec(nevra) ?? [];
  if (!name || !arch) throw new Error(`not a NEVRA: ${nevra}`);
  const { category, path, sigkey } = rpm;
  if (path.startsWith('/') || path.split('/').includes('..')) throw new Error(`leads out of the compose: ${path}`);
  const sizeBytes = statSync(join(composeDirectory, path), { throwIfNoEntry: false })?.size ?? null;
  return {
    nevra,
    name,
    arch,
    sourceNevra: category === 'source' ? null : sourceNevra,
    sigkey,
    path,
    sizeBytes,
    treeArch,
    category,
  };
}

await serveThread<string, readonly PackageRecord[]>(async (composeDirectory, report) => {
  let batch: PackageRecord[] = [];
  for (const record of packagesOf(composeDirectory)) {
    if (batch.push(record) < BATCH) continue;
    report(batch);
    batch = [];
    await delay(1);
  }
  report(batch);
  return null;
});
