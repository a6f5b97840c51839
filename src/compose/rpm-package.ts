// A package as a repository's metadata describes it, and the line that stands for it in a package index: the file in which
// sources/ hands what it read and checked to an engine, so that metadata is parsed once.

import { isSourceArch } from './arches.ts';

/** Decides the tree of a compose that holds the package. */
export type RpmCategory = 'binary' | 'debug' | 'source';

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
  /** Where the metadata that told of it has it, if not at `href`. */
  readonly describedAt?: string;
  /** There until its file has been looked at; size and checksum mean nothing before. */
  readonly unread?: UnreadFile;
}

/** A file that is known to exist, by Koji's word, and that nobody has looked at yet. */
export interface UnreadFile {
  /** What Koji's hub calls the RPM. */
  readonly rpmId: number;
  /** What is known all the same: relations and files, from the metadata of another copy; or no more than the name tells. */
  readonly knows: 'relations' | 'name';
  /** Where it may lie below the repository, the most wanted first; its size there, where that is known. */
  readonly places: readonly { readonly path: string; readonly sizeBytes: number | null }[];
  /** MD5 of header and payload, alike in all signed copies; null where Koji does not tell. */
  readonly payloadHash: string | null;
}

type Encoded = [
  string,
  number,
  string,
  string,
  string,
  string | null,
  string,
  number,
  string,
  string,
  string[],
  string[],
  string[],
  Pick<RpmPackage, 'describedAt' | 'unread'>?,
];

export function encodePackage(pkg: RpmPackage): string {
  const {
    name,
    epoch,
    version,
    release,
    arch,
    sourceRpm,
    href,
    sizeBytes,
    checksumType,
    checksum,
    provides,
    requires,
    files,
    describedAt,
    unread,
  } = pkg;
  const more = describedAt === undefined && unread === undefined ? [] : [{ describedAt, unread }];
  return JSON.stringify([
    name,
    epoch,
    version,
    release,
    arch,
    sourceRpm,
    href,
    sizeBytes,
    checksumType,
    checksum,
    provides,
    requires,
    files,
    ...more,
  ]);
}

export function decodePackage(line: string): RpmPackage {
  const [
    name,
    epoch,
    version,
    release,
    arch,
    sourceRpm,
    href,
    sizeBytes,
    checksumType,
    checksum,
    provides,
    requires,
    files,
    more,
  ] = JSON.parse(line) as Encoded;
  return {
    name,
    epoch,
    version,
    release,
    arch,
    sourceRpm,
    href,
    sizeBytes,
    checksumType,
    checksum,
    provides,
    requires,
    files,
    ...more,
  };
}

/** By its name, as Pungi decides it. */
export function isDebugName(name: string): boolean {
  return name.endsWith('-debuginfo') || name.endsWith('-debugsource') || name.includes('-debuginfo-');
}

/** Like Pungi: the name decides whether it is a debug package. */
export function categoryOf({ name, arch }: Pick<RpmPackage, 'name' | 'arch'>): RpmCategory {
  if (isSourceArch(arch)) return 'source';
  return isDebugName(name) ? 'debug' : 'binary';
}

/** Of its file. */
export function baseName({ href }: Pick<RpmPackage, 'href'>): string {
  return href.slice(href.lastIndexOf('/') + 1);
}

/** As productmd writes it: the epoch always. */
export function nevra(pkg: Pick<RpmPackage, 'name' | 'epoch' | 'version' | 'release' | 'arch'>): string {
  return `${pkg.name}-${pkg.epoch}:${pkg.version}-${pkg.release}.${pkg.arch}`;
}

/** The parts of a NEVRA in productmd's form, `name-epoch:version-release.arch`; null for any other text. */
export function parseNevra(text: string): Pick<RpmPackage, 'name' | 'epoch' | 'version' | 'release' | 'arch'> | null {
  const [, name, epoch, version, release, arch] = /^(.+)-(\d+):([^-]+)-([^-]+)\.([^.]+)$/.exec(text) ?? [];
  return name && version && release && arch ? { name, epoch: Number(epoch), version, release, arch } : null;
}

export function fileName(pkg: Pick<RpmPackage, 'name' | 'version' | 'release' | 'arch'>): string {
  return `${pkg.name}-${pkg.version}-${pkg.release}.${pkg.arch}.rpm`;
}
