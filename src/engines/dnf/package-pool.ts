// The packages that one gathering sees: the latest of each name and arch, over all repositories together, in the order
// that gives them their ids; and the questions asked of them.

import { compareEvr, type Evr } from '../../compose/rpm-version.ts';
import { isSourceArch } from '../../compose/arches.ts';
import { isDebugName, type RpmPackage } from '../../compose/rpm-package.ts';
import type { ArchSet } from '../shared/arches.ts';
import { overlaps, parseRelation, parseRequirement, type Relation, type Requirement } from './requirement.ts';

export interface Candidate extends RpmPackage {
  /** libsolv's, which decides the order of visits. */
  readonly id: number;
  readonly lookaside: boolean;
}

export type PackageKind = 'binary' | 'debug' | 'source';

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
    const seen: Candidate[] = [];
    let id = FIRST_ID;
    for (const { packages, lookaside } of repositories) {
      for (const pkg of packages) {
        if (fitting.has(pkg.arch) || isSourceArch(pkg.arch)) seen.push({ ...pkg, id, lookaside });
        id++;
      }
    }
    const latest = latestOnly(seen);
    for (const candidate of latest) this.byId.set(candidate.id, candidate);
    this.binary = latest.filter((candidate) => kindOf(candidate) === 'binary');
    this.debug = latest.filter((candidate) => kindOf(candidate) === 'debug');
    this.source = latest.filter((candidate) => kindOf(candidate) === 'source');
    this.#binaryProviders = new Providers(this.binary);
    this.#debugProviders = new Providers(this.debug);
  }

  get(id: number): Candidate {
    const candidate = this.byId.get(id);
    if (!candidate) throw new Error(`no package has the id ${id}`);
    return candidate;
  }

  providers(requirement: string, kind: 'binary' | 'debug'): readonly Candidate[] {
    const providers = kind === 'binary' ? this.#binaryProviders : this.#debugProviders;
    return [...providers.of(parseRequirement(requirement))];
  }
}

export function kindOf(pkg: RpmPackage): PackageKind {
  if (isSourceArch(pkg.arch)) return 'source';
  return isDebugName(pkg.name) ? 'debug' : 'binary';
}

export function evrOf({ epoch, version, release }: RpmPackage): Evr {
  return { epoch, version, release };
}

/** Of each name and arch; equals, from several repositories, all stay. */
function latestOnly(packages: readonly Candidate[]): Candidate[] {
  const best = new Map<string, Candidate>();
  for (const pkg of packages) {
    const key = `${pkg.name} ${pkg.arch}`;
    const other = best.get(key);
    if (!other || compareEvr(evrOf(pkg), evrOf(other)) > 0) best.set(key, pkg);
  }
  return packages.filter((pkg) => {
    const top = best.get(`${pkg.name} ${pkg.arch}`);
    return top === pkg || (top !== undefined && compareEvr(evrOf(pkg), evrOf(top)) === 0);
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
        const name = space < 0 ? text : text.slice(0, space);
        const known = this.#byName.get(name);
        if (known) known.push({ pkg, text });
        else this.#byName.set(name, [{ pkg, text }]);
      }
    }
  }

  of(requirement: Requirement): Set<Candidate> {
    switch (requirement.kind) {
      case 'simple':
        return this.#simple(requirement.relation);
      case 'first':
        return this.of(requirement.left);
      case 'union':
        return new Set([...this.of(requirement.left), ...this.of(requirement.right)]);
      case 'both':
      case 'minus': {
        const right = this.of(requirement.right);
        const keep = requirement.kind === 'both';
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
    for (const pkg of this.#packages) {
      for (const file of pkg.files) {
        const known = byFile.get(file);
        if (known) known.push(pkg);
        else byFile.set(file, [pkg]);
      }
    }
    return (this.#byFile = byFile);
  }
}
