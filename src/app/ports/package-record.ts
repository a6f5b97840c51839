// One package of a compose, as stored in the database.

export interface PackageRecord {
  readonly nevra: string;
  readonly name: string;
  readonly arch: string;
  /** NEVRA of the source package; null for a source package, and if it is unknown. */
  readonly sourceNevra: string | null;
  /** Lower-case id of the key that signed the package; null if it is unsigned. */
  readonly sigkey: string | null;
  /** Relative to the compose's `compose/` directory. */
  readonly path: string;
  readonly sizeBytes: number | null;
  /** Arch of the tree that holds the package, e.g. x86_64 for a noarch package in the x86_64 tree. */
  readonly treeArch: string;
  readonly category: 'binary' | 'source' | 'debug';
}
