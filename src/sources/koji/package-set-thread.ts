// The thread that puts together what the hub names and what metadata tells of it: the index of one arch, and of packages
// that no metadata tells of those that have to be read before anything is chosen.

import { readFileSync, writeFileSync } from 'node:fs';
import { isSourceArch } from '../../compose/arches.ts';
import { baseName, decodePackage, encodePackage, isDebugName, type RpmPackage } from '../../compose/rpm-package.ts';
import { serveThread } from '../../concurrency/worker-thread.ts';

export interface PackageSetTask {
  /** What the hub names: an index of packages with `unread`. */
  readonly packages: string;
  /** RPM arches. */
  readonly arches: readonly string[];
  /** Index of Koji's own repository; its packages lie elsewhere. */
  readonly kojis: string | null;
  /** Indexes of packages that were looked into where Koji has them. */
  readonly read: readonly string[];
  /** Where all that is not known is no more than this, all of it is to be read at once. */
  readonly readily: { readonly packages: number; readonly bytes: number };
  /** Written. */
  readonly index: string;
  readonly unread: string;
}

export interface PackageSetResult {
  /** Packages that Koji's repository tells of, and that were looked into. */
  readonly described: number;
  readonly made: number;
  readonly unread: { readonly count: number; readonly bytes: number; readonly list: string };
}

await serveThread((task: PackageSetTask): PackageSetResult => {
  const kojis = byFile(task.kojis === null ? [] : [task.kojis]);
  const read = byFile(task.read);
  const arches = new Set(task.arches);
  const index: string[] = [];
  const unread: RpmPackage[] = [];
  const counts = { described: 0, made: 0 };
  for (const named of packagesIn(task.packages)) {
    if (!arches.has(named.arch)) continue;
    const file = baseName(named);
    const own = read.get(file);
    const other = kojis.get(file);
    if (own) {
      counts.made++;
      index.push(line(told(named, own)));
    } else if (other && isSame(named, other)) {
      counts.described++;
      index.push(line(told(named, { ...other, describedAt: other.href, href: named.href })));
    } else {
      index.push(line(named));
      unread.push(anyCopy(named));
    }
  }
  const first =
    unread.length <= task.readily.packages && bytesOf(unread) <= task.readily.bytes
      ? unread
      : unread.filter(isNeededFirst);
  writeFileSync(task.index, index.join(''));
  writeFileSync(task.unread, first.map(line).join(''));
  return { ...counts, unread: { count: first.length, bytes: bytesOf(first), list: task.unread } };
});

/** Nothing can be chosen before all that these provide is known. */
function isNeededFirst({ name, arch }: RpmPackage): boolean {
  return !isSourceArch(arch) && !isDebugName(name);
}

function bytesOf(packages: readonly RpmPackage[]): number {
  return packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** A file of that name and another size is of another Koji. */
function isSame(named: RpmPackage, other: RpmPackage): boolean {
  return other.epoch === named.epoch && (named.sizeBytes === 0 || other.sizeBytes === named.sizeBytes);
}

/** Whole where the copy that was described is the one most wanted; else its relations hold, as signing does not touch them. */
function told(named: RpmPackage, described: RpmPackage): RpmPackage {
  const { unread } = named;
  if (!unread || unread.places[0]?.path === described.href) return described;
  return { ...described, unread: { ...unread, knows: 'relations' } };
}

/** For its relations any copy will do: whether the package is signed as asked matters where it is chosen. */
function anyCopy(named: RpmPackage): RpmPackage {
  const { unread } = named;
  if (!unread || unread.places.some(({ path }) => path === named.href)) return named;
  return {
    ...named,
    unread: {
      ...unread,
      places: [...unread.places, { path: named.href, sizeBytes: named.sizeBytes === 0 ? null : named.sizeBytes }],
    },
  };
}

function byFile(indexes: readonly string[]): Map<string, RpmPackage> {
  return new Map(indexes.flatMap((path) => [...packagesIn(path)]).map((pkg) => [baseName(pkg), pkg]));
}

function* packagesIn(path: string): Generator<RpmPackage> {
  for (const text of readFileSync(path, 'utf8').split('\n')) if (text !== '') yield decodePackage(text);
}

function line(pkg: RpmPackage): string {
  return `${encodePackage(pkg)}\n`;
}
