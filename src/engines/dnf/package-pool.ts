// The packages that one gathering can choose from: the latest of each name and arch over all repositories. Packages get ids in
// libsolv's order, and the pool finds the providers of a requirement.

import { isSourceArch } from '../../compose/arches.ts';
import { categoryOf, type RpmPackage } from '../../compose/rpm-package.ts';
import { compareEvr, compareText, type Evr } from '../../compose/rpm-version.ts';
import type { ArchSet } from '../shared/arches.ts';
import { overlaps, parseRelation, parseRequirement, type Relation, type Requirement } from './requirement.ts';

export interface Candidate extends RpmPackage {
  /** libsolv's id. Pungi visits packages in the order of the ids. */
  readonly id: number;
  readonly lookaside: boolean;
}

/** libsolv reserves the ids below. */
const FIRST_ID = 2;

export class PackagePool {
  readonly byId = new Map<number, Candidate>();
  readonly binary: readonly Candidate[];
  readonly debug: readonly Candidate[];
  readonly source: readonly Candidate[];
  readonly #binaryProviders: Providers;
  readonly #debugProviders: Providers;

  constructor(
    repositories: readonly { readonly packages: readonly RpmPackage[]; readonly lookaside: boolean }[],
    arches: ArchSet,
  ) {
    const fitting = new Set(arches.order);
    const all: Candidate[] = [];
    let id = FIRST_ID;
    for (const { packages, lookaside } of repositories) {
      for (const pkg of packages) {
        if (fitting.has(pkg.arch) || isSourceArch(pkg.arch)) all.push({ ...pkg, id, lookaside });
        // Packages of other arches have ids, too.
        id++;
      }
    }
    const latest = latestOnly(all);
    for (const candidate of latest) this.byId.set(candidate.id, candidate);
    this.binary = latest.filter((candidate) => categoryOf(candidate) === 'binary');
    this.debug = latest.filter((candidate) => categoryOf(candidate) === 'debug');
    this.source = latest.filter((candidate) => categoryOf(candidate) === 'source');
    this.#binaryProviders = new Providers(this.binary);
    this.#debugProviders = new Providers(this.debug);
  }

  get(id: number): Candidate {
    const candidate = this.byId.get(id);
    if (!candidate) throw new Error(`no package has the id ${id}`);
    return candidate;
  }

  providers(requirement: string, category: 'binary' | 'debug'): readonly Candidate[] {
    const providers = category === 'binary' ? this.#binaryProviders : this.#debugProviders;
    return [...providers.of(parseRequirement(requirement))];
  }
}

export function evrOf({ epoch, version, release }: RpmPackage): Evr {
  return { epoch, version, release };
}

export function byId(packages: readonly Candidate[]): Candidate[] {
  return packages.toSorted((a, b) => a.id - b.id);
}

export function byNevra(a: Candidate, b: Candidate): number {
  return compareText(a.name, b.name) || compareEvr(evrOf(a), evrOf(b)) || compareText(a.arch, b.arch);
}

/** The latest of each name and arch. Several repositories can have the same latest version; all of these stay. */
function latestOnly(packages: readonly Candidate[]): Candidate[] {
  const best = new Map<string, Candidate>();
  for (const pkg of packages) {
    const key = `${pkg.name} ${pkg.arch}`;
    const other = best.get(key);
    if (!other || compareEvr(evrOf(pkg), evrOf(other)) > 0) best.set(key, pkg);
  }
  return packages.filter((pkg) => {
    const latest = best.get(`${pkg.name} ${pkg.arch}`);
    return latest === pkg || (latest !== undefined && compareEvr(evrOf(pkg), evrOf(latest)) === 0);
  });
}

class Providers {
  readonly #packages: readonly Candidate[];
  readonly #byName = new Map<string, { readonly pkg: Candidate; readonly text: string }[]>();
  #byFile: Map<string, Candidate[]> | null = null;

  constructor(packages: readonly Candidate[]) {
    this.#packages = packages;
    for (const pkg of packages) {
      for (const text of pkg.provides) {
        const space = text.indexOf(' ');
        append(this.#byName, space < 0 ? text : text.slice(0, space), { pkg, text });
      }
    }
  }

  of(requirement: Requirement): Set<Candidate> {
    switch (requirement.kind) {
      case 'simple':
        return this.#simple(requirement.relation);
      case 'left':
        return this.of(requirement.left);
      case 'union':
        return new Set([...this.of(requirement.left), ...this.of(requirement.right)]);
      case 'intersection':
      case 'difference': {
        const right = this.of(requirement.right);
        const keep = requirement.kind === 'intersection';
        return new Set([...this.of(requirement.left)].filter((pkg) => right.has(pkg) === keep));
      }
    }
  }

  #simple({ name, range }: Relation): Set<Candidate> {
    const found = new Set<Candidate>();
    for (const { pkg, text } of this.#byName.get(name) ?? [])
      if (overlaps(parseRelation(text).range, range)) found.add(pkg);
    if (name.startsWith('/')) for (const pkg of this.#files().get(name) ?? []) found.add(pkg);
    return found;
  }

  #files(): Map<string, Candidate[]> {
    if (this.#byFile) return this.#byFile;
    const byFile = new Map<string, Candidate[]>();
    for (const pkg of this.#packages) for (const file of pkg.files) append(byFile, file, pkg);
    return (this.#byFile = byFile);
  }
}

function append<T>(groups: Map<string, T[]>, key: string, item: T): void {
  const group = groups.get(key);
  if (group) group.push(item);
  else groups.set(key, [item]);
}
