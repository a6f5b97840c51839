// What one arch of a compose will hold: written by the thread that chose it, a line for each package, and read piece by
// piece by all who act on it. So a list of 60,000 never passes through the event loop in one go.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline/promises';

export type PlannedCategory = 'binary' | 'debug' | 'source';

export interface PlannedPackage {
  readonly category: PlannedCategory;
  readonly nevra: string;
  /** Of its source package, itself for one. */
  readonly sourceNevra: string;
  /** In the source repository. */
  readonly href: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly checksumType: string;
  readonly checksum: string;
}

type Encoded = [PlannedCategory, string, string, string, string, number, string, string];

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
