// Selects the packages of one arch of a compose, the same ones as Pungi. From a repository Pungi gathers twice: first into the
// package set (PKGSET), then from that set into the compose (GATHER). From Koji the package set is given.

import { globMatcher, isGlob } from '../../compose/package-pattern.ts';
import { isSourceArch } from '../../compose/arches.ts';
import { baseName, categoryOf, type RpmPackage } from '../../compose/rpm-package.ts';
import { compareText } from '../../compose/rpm-version.ts';
import type { MultilibMethod } from '../../compose/vocabulary.ts';
import { archSet, type ArchSet } from '../shared/arches.ts';
import { gather, type Unresolved } from './gather.ts';
import { multilibSelector } from './multilib.ts';
import { anyOf, nodepsPattern } from './name-pattern.ts';
import { PackagePool } from './package-pool.ts';

export interface SelectionRequest {
  readonly arch: string;
  /** Names or globs; empty = all packages. */
  readonly names: readonly string[];
  readonly followDependencies: boolean;
  /** Empty = no multilib for this arch. */
  readonly multilib: readonly MultilibMethod[];
  /** Whether the packages are a package set already, as with Koji. Then the first gathering is left out. */
  readonly isPackageSet: boolean;
}

/** ExcludeArch and ExclusiveArch of a source package. */
export interface ArchConstraints {
  readonly excludeArch: readonly string[];
  readonly exclusiveArch: readonly string[];
}

export interface Selection {
  readonly binary: readonly RpmPackage[];
  readonly debug: readonly RpmPackage[];
  readonly source: readonly RpmPackage[];
  readonly unresolved: readonly Unresolved[];
}

interface SelectionSources {
  readonly packages: readonly RpmPackage[];
  readonly lookasides: readonly (readonly RpmPackage[])[];
  /** Repository metadata lacks these; they are in the RPM header. */
  constraints(source: RpmPackage): ArchConstraints;
}

/** Pungi always gathers this package into the package set. */
const ALWAYS_GATHERED = 'system-release';

export function selectPackages(request: SelectionRequest, sources: SelectionSources): Selection {
  const arches = archSet(request.arch);
  const names = request.names.length === 0 ? ['*'] : request.names;
  const set = packageSet(
    request.isPackageSet ? sources.packages : gatherPackageSet(names, arches, sources),
    request,
    arches,
    sources,
  );
  if (!followsDependencies(request)) return matchNames(readByPungi(set, request), names, request, arches);
  const pool = new PackagePool(
    [...sources.lookasides.map((packages) => ({ packages, lookaside: true })), { packages: set, lookaside: false }],
    arches,
  );
  return gather(pool, { arches, names, phase: 'GATHER', selectsMultilib: multilibSelector(request.multilib) });
}

/** With Koji, Pungi cannot take all packages without following dependencies (engines/pungi/configuration.ts). */
function followsDependencies({ followDependencies, isPackageSet, names }: SelectionRequest): boolean {
  return followDependencies || (isPackageSet && names.length === 0);
}

/** With Koji, without dependencies and without globs, Pungi reads the requested packages only, so that debug packages lack. */
function readByPungi(set: readonly RpmPackage[], { isPackageSet, names }: SelectionRequest): readonly RpmPackage[] {
  if (!isPackageSet || names.some(isGlob)) return set;
  return set.filter(({ name, arch }) => isSourceArch(arch) || names.includes(name));
}

function gatherPackageSet(
  names: readonly string[],
  arches: ArchSet,
  { packages }: SelectionSources,
): readonly RpmPackage[] {
  const { binary, debug, source } = gather(new PackagePool([{ packages, lookaside: false }], arches), {
    arches,
    names: [...names, ALWAYS_GATHERED],
    phase: 'PKGSET',
    selectsMultilib: () => true,
  });
  return [...binary, ...debug, ...source];
}

/** The source packages whose arch constraints the selection needs. Their headers must be readable before it runs. */
export function sourcesWithConstraints(
  request: SelectionRequest,
  packages: readonly RpmPackage[],
): readonly RpmPackage[] {
  const needed: RpmPackage[] = [];
  const constraints = (source: RpmPackage) => {
    needed.push(source);
    return { excludeArch: [], exclusiveArch: [] };
  };
  selectPackages({ ...request, followDependencies: false }, { packages, lookasides: [], constraints });
  return needed;
}

/** The package set of the arch: one package of each file name, without foreign arches and excluded noarch packages. */
function packageSet(
  all: readonly RpmPackage[],
  request: SelectionRequest,
  { native }: ArchSet,
  sources: SelectionSources,
): RpmPackage[] {
  const byFile = new Map<string, RpmPackage>();
  for (const pkg of all) {
    const file = baseName(pkg);
    if (!byFile.has(file)) byFile.set(file, pkg);
  }
  const excludes = noarchExclusion(byFile, request.arch, sources);
  const kept = [...byFile.values()].filter((pkg) => {
    if (isSourceArch(pkg.arch)) return false;
    if (!native.has(pkg.arch) && request.multilib.length === 0) return false;
    return pkg.arch !== 'noarch' || pkg.sourceRpm === null || !excludes(pkg.sourceRpm);
  });
  const sourceNames = new Set(kept.map(({ sourceRpm }) => sourceName(sourceRpm)));
  const sourcesOfKept = [...byFile.values()].filter(({ arch, name }) => isSourceArch(arch) && sourceNames.has(name));
  return [...kept, ...sourcesOfKept].toSorted((a, b) => compareText(baseName(a), baseName(b)));
}

/** Whether a source package keeps its noarch packages out of the arch. Reads the constraints of each source once. */
function noarchExclusion(
  byFile: ReadonlyMap<string, RpmPackage>,
  arch: string,
  sources: SelectionSources,
): (sourceRpm: string) => boolean {
  const answers = new Map<string, boolean>();
  return (sourceRpm) => {
    const earlier = answers.get(sourceRpm);
    if (earlier !== undefined) return earlier;
    const source = byFile.get(sourceRpm);
    const answer = source !== undefined && excludesArch(sources.constraints(source), arch);
    answers.set(sourceRpm, answer);
    return answer;
  };
}

function excludesArch({ excludeArch, exclusiveArch }: ArchConstraints, arch: string): boolean {
  const isMeant = (listed: string) => listed === arch || listed === 'noarch';
  return excludeArch.some(isMeant) || (exclusiveArch.length > 0 && !exclusiveArch.some(isMeant));
}

/** Pungi's `gather_method: nodeps`: the packages of these names, with their source and debug packages. */
function matchNames(
  set: readonly RpmPackage[],
  names: readonly string[],
  request: SelectionRequest,
  { native }: ArchSet,
): Selection {
  const takesAll = request.names.length === 0;
  const isRequested = anyOf(names, nodepsPattern);
  const binary = set.filter(
    (pkg) => categoryOf(pkg) === 'binary' && (takesAll || native.has(pkg.arch)) && isRequested(pkg.name),
  );
  const sourceRpms = new Set(binary.map(({ sourceRpm }) => sourceRpm));
  const source = set.filter((pkg) => categoryOf(pkg) === 'source' && sourceRpms.has(baseName(pkg)));
  // A debug package comes when any package of its source and arch does, even if it belongs to another one.
  const arched = new Set(
    binary.filter(({ arch }) => arch !== 'noarch').map(({ sourceRpm, arch }) => `${sourceRpm} ${arch}`),
  );
  const debug = set.filter((pkg) => categoryOf(pkg) === 'debug' && arched.has(`${pkg.sourceRpm} ${pkg.arch}`));
  return { binary, debug, source, unresolved: [] };
}

/** The requested names that match none of the selected packages. */
export function missingNames(
  names: readonly string[],
  followDependencies: boolean,
  selected: ReadonlySet<string>,
): readonly string[] {
  return names.filter((requested) => {
    if (selected.has(requested)) return false;
    const glob = globMatcher(requested.replace(/\.\+$/, ''));
    const matches = followDependencies ? glob : (name: string) => glob(name) || nodepsPattern(requested)(name);
    return ![...selected].some(matches);
  });
}

function sourceName(sourceRpm: string | null): string {
  return /^(.*)-[^-]*-[^-]*$/.exec(sourceRpm ?? '')?.[1] ?? '';
}
