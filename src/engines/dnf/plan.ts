// The plan of one arch: a file with a line for each package that the compose will hold. The selection thread writes it; later
// steps stream it, so that a list of 60,000 packages never blocks the event loop.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import type { RpmCategory } from '../../compose/rpm-package.ts';

export interface PlannedPackage {
  readonly category: RpmCategory;
  readonly nevra: string;
  /** NEVRA of the source package; of a source package, its own. */
  readonly sourceNevra: string;
  /** Relative to the source repository. */
  readonly href: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly checksumType: string;
  readonly checksum: string;
}

type Encoded = [RpmCategory, string, string, string, string, number, string, string];

export function encodePlanned({
  category,
  nevra,
  sourceNevra,
  href,
  file,
  sizeBytes,
  checksumType,
  checksum,
}: PlannedPackage): string {
  return JSON.stringify([category, nevra, sourceNevra, href, file, sizeBytes, checksumType, checksum]);
}

export function decodePlanned(line: string): PlannedPackage {
  const [category, nevra, sourceNevra, href, file, sizeBytes, checksumType, checksum] = JSON.parse(line) as Encoded;
  return { category, nevra, sourceNevra, href, file, sizeBytes, checksumType, checksum };
}

export async function* readPlan(path: string): AsyncGenerator<PlannedPackage> {
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity }))
    yield decodePlanned(line);
}
