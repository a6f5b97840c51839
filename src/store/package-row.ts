// The columns of a package, and the package of a row.

import type { PackageRecord } from '../app/ports.ts';

export const PACKAGE_COLUMNS = [
  'path',
  'nevra',
  'name',
  'arch',
  'source_nevra',
  'sigkey',
  'size_bytes',
  'tree_arch',
  'category',
] as const;

export interface StoredPackage {
  readonly path: string;
  readonly nevra: string;
  readonly name: string;
  readonly arch: string;
  readonly source_nevra: string | null;
  readonly sigkey: string | null;
  readonly size_bytes: string | null;
  readonly tree_arch: string;
  readonly category: PackageRecord['category'];
}

export function packageFrom(row: StoredPackage): PackageRecord {
  return {
    path: row.path,
    nevra: row.nevra,
    name: row.name,
    arch: row.arch,
    sourceNevra: row.source_nevra,
    sigkey: row.sigkey,
    sizeBytes: row.size_bytes === null ? null : Number(row.size_bytes),
    treeArch: row.tree_arch,
    category: row.category,
  };
}
