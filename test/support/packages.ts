// Packages of composes as tests need them.

import type { PackageRecord } from '../../src/app/ports.ts';

/** `nevra` is name-epoch:version-release.arch. */
export function aPackage(nevra: string, overrides: Partial<PackageRecord> = {}): PackageRecord {
  const [, name, arch] = /^(.+)-\d+:[^-]+-[^-]+\.([^.]+)$/.exec(nevra) ?? [];
  if (!name || !arch) throw new Error(`Not a NEVRA: ${nevra}`);
  const { treeArch = 'x86_64', category = 'binary' } = overrides;
  return {
    nevra,
    name,
    arch,
    sourceNevra: null,
    sigkey: null,
    path: `Temporary/${treeArch}/${category}/${nevra}.rpm`,
    sizeBytes: 1,
    treeArch,
    category,
    ...overrides,
  };
}
