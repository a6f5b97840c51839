// The thread of manifest.ts: reads rpms.json and sends its packages in batches.

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { PackageRecord } from '../app/ports.ts';
import { manifestRows, type RpmManifest, type RpmManifestRow } from '../compose/productmd.ts';
import { parseNevra } from '../compose/rpm-package.ts';
import { serveThread } from '../concurrency/worker-thread.ts';

const BATCH = 500;

/** Yields each file once: productmd repeats a source package for every arch of its packages. */
function* packagesOf(composeDirectory: string): Generator<PackageRecord> {
  const text = readFileSync(join(composeDirectory, 'metadata', 'rpms.json'), 'utf8');
  const { payload } = JSON.parse(text) as { readonly payload: { readonly rpms: RpmManifest } };
  const seen = new Set<string>();
  for (const row of manifestRows(payload.rpms)) {
    if (seen.has(row.entry.path)) continue;
    seen.add(row.entry.path);
    yield toRecord(composeDirectory, row);
  }
}

function toRecord(composeDirectory: string, { treeArch, sourceNevra, nevra, entry }: RpmManifestRow): PackageRecord {
  const parts = parseNevra(nevra);
  if (!parts) throw new Error(`not a NEVRA: ${nevra}`);
  const { category, path, sigkey } = entry;
  if (path.startsWith('/') || path.split('/').includes('..'))
    throw new Error(`the path is outside of the compose: ${path}`);
  return {
    nevra,
    name: parts.name,
    arch: parts.arch,
    sourceNevra: category === 'source' ? null : sourceNevra,
    sigkey,
    path,
    sizeBytes: statSync(join(composeDirectory, path), { throwIfNoEntry: false })?.size ?? null,
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
