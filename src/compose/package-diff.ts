// The difference between the packages of two composes. Packages with the same name and arch are versions of one package;
// a compose can have several of them.

import { compareEvr, parseEvr, type Evr } from './rpm-version.ts';

export interface DiffedPackage {
  /** name-epoch:version-release.arch */
  readonly nevra: string;
  readonly name: string;
  readonly arch: string;
}

/** `from` and `to` are `[epoch:]version-release`, without an epoch of 0. */
export interface PackageChange {
  readonly name: string;
  readonly arch: string;
  readonly from: string;
  readonly to: string;
}

export interface PackageDiff<T extends DiffedPackage> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  readonly upgraded: readonly PackageChange[];
  readonly downgraded: readonly PackageChange[];
}

/** Compares packages that only one of the composes has. All lists are ordered by name and arch. */
export function diffPackages<T extends DiffedPackage>(from: readonly T[], to: readonly T[]): PackageDiff<T> {
  const before = Map.groupBy(from, keyOf);
  const after = Map.groupBy(to, keyOf);
  const added: T[] = [];
  const removed: T[] = [];
  const upgraded: PackageChange[] = [];
  const downgraded: PackageChange[] = [];
  for (const key of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [older = [], newer = []] = [before.get(key), after.get(key)].map(
      (packages) => packages && newestFirst(packages),
    );
    const [was, ...alsoRemoved] = older;
    const [is, ...alsoAdded] = newer;
    const order = was && is ? compareEvr(is.evr, was.evr) : 0;
    if (was && is && order !== 0) {
      const change = { name: is.pkg.name, arch: is.pkg.arch, from: evrText(was.evr), to: evrText(is.evr) };
      (order > 0 ? upgraded : downgraded).push(change);
      removed.push(...alsoRemoved.map(({ pkg }) => pkg));
      added.push(...alsoAdded.map(({ pkg }) => pkg));
    } else {
      // Neither of 1.0 and 1.00 is newer, so one was removed and the other added.
      removed.push(...older.map(({ pkg }) => pkg));
      added.push(...newer.map(({ pkg }) => pkg));
    }
  }
  return { added, removed, upgraded, downgraded };
}

function keyOf({ name, arch }: DiffedPackage): string {
  return `${name} ${arch}`;
}

function newestFirst<T extends DiffedPackage>(
  packages: readonly T[],
): readonly { readonly pkg: T; readonly evr: Evr }[] {
  return packages.map((pkg) => ({ pkg, evr: evrOf(pkg) })).sort((left, right) => compareEvr(right.evr, left.evr));
}

function evrOf({ nevra, name, arch }: DiffedPackage): Evr {
  return parseEvr(nevra.slice(name.length + 1, nevra.length - arch.length - 1));
}

function evrText({ epoch, version, release }: Evr): string {
  return `${epoch === 0 ? '' : `${epoch}:`}${version}${release === null ? '' : `-${release}`}`;
}
