// Writes metadata/rpms.json. It can have 60,000 packages, so that each arch is serialised in a thread, and the parts are
// joined without parsing them.

import { open, readFile } from 'node:fs/promises';
import { productmdJson, VARIANT, type RpmManifestEntry } from '../../compose/productmd.ts';

/** A package of a tree, with its place in the manifest. */
interface ManifestPackage {
  readonly sourceNevra: string;
  readonly nevra: string;
  readonly entry: RpmManifestEntry;
}

/** `"<arch>": {…}`, indented for its place in the document; empty for an arch without packages. */
export function manifestPart(arch: string, packages: readonly ManifestPackage[]): string {
  if (packages.length === 0) return '';
  const sources: Record<string, Record<string, RpmManifestEntry>> = {};
  for (const { sourceNevra, nevra, entry } of packages) (sources[sourceNevra] ??= {})[nevra] = entry;
  return productmdJson({ [arch]: sources })
    .split('\n')
    .slice(1, -1)
    .map((line) => `            ${line}`)
    .join('\n');
}

/** `document`: rpms.json with `"rpms": {}`. `parts`: files with the text of `manifestPart`, in the order of the arches. */
export async function writeRpmsJson(path: string, document: object, parts: readonly string[]): Promise<void> {
  const [head = '', tail = ''] = productmdJson(document).split('"rpms": {}');
  const file = await open(path, 'w');
  try {
    await file.write(`${head}"rpms": {`);
    let written = 0;
    for (const part of parts) {
      const text = await readFile(part);
      if (text.length === 0) continue;
      await file.write(written++ === 0 ? `\n            "${VARIANT}": {\n` : ',\n');
      await file.write(text);
    }
    await file.write(written === 0 ? `}${tail}` : `\n            }\n        }${tail}`);
  } finally {
    await file.close();
  }
}
