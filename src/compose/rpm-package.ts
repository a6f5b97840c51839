// A package as the metadata of a repository describes it, and its line in a package index: the file by which a source
// resolver passes the packages that it read to an engine, so that metadata is parsed once.

import { isSourceArch } from './arches.ts';

/** The tree of a compose that has the package. */
export type RpmCategory = 'binary' | 'debug' | 'source';

export interface RpmPackage {
  readonly name: string;
  readonly epoch: number;
  readonly version: string;
  readonly release: string;
  readonly arch: string;
  /** File name of the source package; null for a source package. */
  readonly sourceRpm: string | null;
  /** Relative to the repository. It has been checked not to leave the repository. */
  readonly href: string;
  readonly sizeBytes: number;
  readonly checksumType: string;
  readonly checksum: string;
  /** `name` or `name OP [epoch:]version[-release]`, including the package itself if its metadata does. */
  readonly provides: readonly string[];
  /** In the same form; rich dependencies in parentheses. */
  readonly requires: readonly string[];
  /** The files in primary.xml and the files that a package requires; all files if the request needs them. */
  readonly files: readonly string[];
  /** The href in the metadata that describes the package, if it differs from `href`. */
  readonly describedAt?: string;
  /** Present until the file is read. Size and checksum have no meaning before. */
  readonly unread?: UnreadFile;
}

/** An RPM that Koji lists and that has not been read yet. */
export interface UnreadFile {
  /** Id of the RPM in Koji. */
  readonly rpmId: number;
  /** `relations`: relations and files are those of another copy of the RPM. `name`: only the parts of its name are known. */
  readonly known: 'relations' | 'name';
  /** Paths below the repository where the file may be, in order of preference, with its size if Koji knows it. */
  readonly candidates: readonly { readonly path: string; readonly sizeBytes: number | null }[];
  /** MD5 of header and payload, which is equal in all signed copies. Null if Koji has none. */
  readonly payloadHash: string | null;
}

/** The members of an index line, in this order. Rare fields follow as one object. */
const INDEXED_FIELDS = [
  'name',
  'epoch',
  'version',
  'release',
  'arch',
  'sourceRpm',
  'href',
  'sizeBytes',
  'checksumType',
  'checksum',
  'provides',
  'requires',
  'files',
] as const satisfies readonly (keyof RpmPackage)[];

/** The line of a package in an index. */
export function encodePackage(pkg: RpmPackage): string {
  const { describedAt, unread } = pkg;
  const line: unknown[] = INDEXED_FIELDS.map((field) => pkg[field]);
  if (describedAt !== undefined || unread !== undefined) line.push({ describedAt, unread });
  return JSON.stringify(line);
}

export function decodePackage(line: string): RpmPackage {
  const members = JSON.parse(line) as readonly unknown[];
  const pkg: Partial<Record<keyof RpmPackage, unknown>> = {};
  for (const [index, field] of INDEXED_FIELDS.entries()) pkg[field] = members[index];
  return Object.assign(pkg, members[INDEXED_FIELDS.length]) as unknown as RpmPackage;
}

/** Pungi recognises debug packages by their names. */
export function isDebugName(name: string): boolean {
  return name.endsWith('-debuginfo') || name.endsWith('-debugsource') || name.includes('-debuginfo-');
}

export function categoryOf({ name, arch }: Pick<RpmPackage, 'name' | 'arch'>): RpmCategory {
  if (isSourceArch(arch)) return 'source';
  return isDebugName(name) ? 'debug' : 'binary';
}

/** Name of its file. */
export function baseName({ href }: Pick<RpmPackage, 'href'>): string {
  return href.slice(href.lastIndexOf('/') + 1);
}

/** In productmd's form, which always has an epoch. */
export function nevra(pkg: Pick<RpmPackage, 'name' | 'epoch' | 'version' | 'release' | 'arch'>): string {
  return `${pkg.name}-${pkg.epoch}:${pkg.version}-${pkg.release}.${pkg.arch}`;
}

/** The parts of a NEVRA in productmd's form, `name-epoch:version-release.arch`; null for any other text. */
export function parseNevra(text: string): Pick<RpmPackage, 'name' | 'epoch' | 'version' | 'release' | 'arch'> | null {
  const [, name, epoch, version, release, arch] = /^(.+)-(\d+):([^-]+)-([^-]+)\.([^.]+)$/.exec(text) ?? [];
  return name && version && release && arch ? { name, epoch: Number(epoch), version, release, arch } : null;
}
