// One arch's part of compose/metadata/rpms.json, in productmd's form: sorted keys, four spaces.

import { compareText } from '../dnf/gather.ts';
import { packagePath, treeOf } from './layout.ts';
import type { PlannedPackage } from '../dnf/plan.ts';

/** `"<arch>": {…}`, indented for its place in the document; empty where nothing was chosen. */
export function rpmsOfArch(
  arch: string,
  packages: readonly PlannedPackage[],
  sigkeyOf: (planned: PlannedPackage) => string | null,
): string {
  if (packages.length === 0) return '';
  const bySource = new Map<string, PlannedPackage[]>();
  for (const pkg of packages) {
    const group = bySource.get(pkg.sourceNevra);
    if (group) group.push(pkg);
    else bySource.set(pkg.sourceNevra, [pkg]);
  }
  const sources = sorted([...bySource.keys()]).map((source) => {
    const group = new Map((bySource.get(source) ?? []).map((pkg) => [pkg.nevra, pkg]));
    return [
      source,
      Object.fromEntries(
        sorted([...group.keys()]).map((nevra) => [nevra, entry(arch, group.get(nevra) as PlannedPackage, sigkeyOf)]),
      ),
    ] as const;
  });
  const text = JSON.stringify({ [arch]: Object.fromEntries(sources) }, null, 4);
  return text
    .split('\n')
    .slice(1, -1)
    .map((line) => `            ${line}`)
    .join('\n');
}

function entry(arch: string, planned: PlannedPackage, sigkeyOf: (planned: PlannedPackage) => string | null) {
  return {
    category: planned.category,
    path: packagePath(treeOf(planned.category, arch), planned.file),
    sigkey: sigkeyOf(planned),
  };
}

function sorted(keys: string[]): string[] {
  return keys.sort(compareText);
}
