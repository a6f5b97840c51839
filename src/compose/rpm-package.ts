// A package as a repository's metadata describes it, and the line that stands for it in a package index: the file in which
// sources/ hands what it read and checked to an engine, so that metadata is parsed once.

export interface RpmPackage {
  readonly name: string;
  readonly epoch: number;
  readonly version: string;
  readonly release: string;
  readonly arch: string;
  /** File name of the source package; null for a source package. */
  readonly sourceRpm: string | null;
  /** Relative to the repository, checked: it does not lead out of it. */
  readonly href: string;
  readonly sizeBytes: number;
  readonly checksumType: string;
  readonly checksum: string;
  /** `name` or `name OP [epoch:]version[-release]`; the package's own name and version included where rpmbuild put them. */
  readonly provides: readonly string[];
  /** Likewise; rich ones in parentheses. */
  readonly requires: readonly string[];
  /** The files that primary.xml tells of and those that somebody requires; all of them where the request needs all. */
  readonly files: readonly string[];
}

export function encodePackage(pkg: RpmPackage): string {
  const { name, epoch, version, release, arch, sourceRpm, href, sizeBytes, checksumType, checksum, provides, requires, files } = pkg;
  return JSON.stringify([name, epoch, version, release, arch, sourceRpm, href, sizeBytes, checksumType, checksum, provides, requires, files]);
}

type Encoded = [string, number, string, string, string, string | null, string, number, string, string, string[], string[], string[]];

export function decodePackage(line: string): RpmPackage {
  const [name, epoch, version, release, arch, sourceRpm, href, sizeBytes, checksumType, checksum, provides, requires, files] = JSON.parse(line) as Encoded;
  return { name, epoch, version, release, arch, sourceRpm, href, sizeBytes, checksumType, checksum, provides, requires, files };
}

/** As productmd writes it: the epoch always. */
export function nevra(pkg: Pick<RpmPackage, 'name' | 'epoch' | 'version' | 'release' | 'arch'>): string {
  return `${pkg.name}-${pkg.epoch}:${pkg.version}-${pkg.release}.${pkg.arch}`;
}

export function fileName(pkg: Pick<RpmPackage, 'name' | 'version' | 'release' | 'arch'>): string {
  return `${pkg.name}-${pkg.version}-${pkg.release}.${pkg.arch}.rpm`;
}
