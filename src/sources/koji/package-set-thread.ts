// The thread that joins the hub's packages of one arch with all metadata that there is of them, and selects the packages
// that must be read because there is none.

import { readFileSync, writeFileSync } from 'node:fs';
import { isSourceArch } from '../../compose/arches.ts';
import { baseName, decodePackage, encodePackage, isDebugName, type RpmPackage } from '../../compose/rpm-package.ts';
import { serveThread } from '../../concurrency/worker-thread.ts';

export interface PackageSetTask {
  /** Index of the packages that the hub lists, with `unread`. */
  readonly packages: string;
  /** RPM arches. */
  readonly arches: readonly string[];
  /** Index of Koji's repository of the tag; null if there is none. Its packages are elsewhere. */
  readonly tagRepository: string | null;
  /** Indexes of packages that were read where Koji has them. */
  readonly examined: readonly string[];
  /** All unknown packages are to be read if they do not exceed it. */
  readonly eagerLimit: { readonly packages: number; readonly bytes: number };
  /** Index to write. */
  readonly index: string;
  /** Index to write: the packages to read. */
  readonly unread: string;
}

export interface PackageSetResult {
  /** Packages whose metadata is from Koji's repository of the tag. */
  readonly described: number;
  /** Packages that were read. */
  readonly read: number;
  /** Packages to read. */
  readonly unread: { readonly count: number; readonly bytes: number; readonly list: string };
}

await serveThread((task: PackageSetTask): PackageSetResult => {
  const { eagerLimit } = task;
  const inRepository = byFile(task.tagRepository === null ? [] : [task.tagRepository]);
  const examined = byFile(task.examined);
  const arches = new Set(task.arches);
  const index: string[] = [];
  const unknown: RpmPackage[] = [];
  const counts = { described: 0, read: 0 };
  for (const listed of packagesIn(task.packages)) {
    if (!arches.has(listed.arch)) continue;
    const file = baseName(listed);
    const own = examined.get(file);
    const other = inRepository.get(file);
    if (own) {
      counts.read++;
      index.push(lineOf(join(listed, own)));
    } else if (other && isSame(listed, other)) {
      counts.described++;
      index.push(lineOf(join(listed, { ...other, describedAt: other.href, href: listed.href })));
    } else {
      index.push(lineOf(listed));
      unknown.push(withAnyCopy(listed));
    }
  }
  const isEager = unknown.length <= eagerLimit.packages && bytesOf(unknown) <= eagerLimit.bytes;
  const toRead = isEager ? unknown : unknown.filter(isNeededToChoose);
  writeFileSync(task.index, index.join(''));
  writeFileSync(task.unread, toRead.map(lineOf).join(''));
  return { ...counts, unread: { count: toRead.length, bytes: bytesOf(toRead), list: task.unread } };
});

/** The selection needs the provides of all these packages. */
function isNeededToChoose({ name, arch }: RpmPackage): boolean {
  return !isSourceArch(arch) && !isDebugName(name);
}

function bytesOf(packages: readonly RpmPackage[]): number {
  return packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** A file of the same name with another size belongs to another Koji. */
function isSame(listed: RpmPackage, other: RpmPackage): boolean {
  return other.epoch === listed.epoch && (listed.sizeBytes === 0 || other.sizeBytes === listed.sizeBytes);
}

/** The described package, if it is the preferred copy; else only its relations hold, because signing does not change them. */
function join(listed: RpmPackage, described: RpmPackage): RpmPackage {
  const { unread } = listed;
  if (!unread || unread.candidates[0]?.path === described.href) return described;
  return { ...described, unread: { ...unread, known: 'relations' } };
}

/** Any copy has the relations. Whether the package is signed as asked is checked when it is chosen. */
function withAnyCopy(listed: RpmPackage): RpmPackage {
  const { unread } = listed;
  if (!unread || unread.candidates.some(({ path }) => path === listed.href)) return listed;
  return {
    ...listed,
    unread: {
      ...unread,
      candidates: [
        ...unread.candidates,
        { path: listed.href, sizeBytes: listed.sizeBytes === 0 ? null : listed.sizeBytes },
      ],
    },
  };
}

function byFile(indexes: readonly string[]): Map<string, RpmPackage> {
  return new Map(indexes.flatMap((path) => [...packagesIn(path)]).map((pkg) => [baseName(pkg), pkg]));
}

function* packagesIn(path: string): Generator<RpmPackage> {
  for (const line of readFileSync(path, 'utf8').split('\n')) if (line !== '') yield decodePackage(line);
}

function lineOf(pkg: RpmPackage): string {
  return `${encodePackage(pkg)}\n`;
}
