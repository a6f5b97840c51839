// The packages of one arch of a compose, the same that Pungi would take. Of a repository it gathers twice: once widely among
// all that is there, and then, by what the request says, among what that brought; the choices of the first limit the
// second, so both are made here as well. What comes from Koji is gathered from once.

import { isSourceArch } from '../../compose/arches.ts';
import { baseName, type RpmPackage } from '../../compose/rpm-package.ts';
import type { MultilibMethod } from '../../compose/vocabulary.ts';
import { archSet, type ArchSet } from '../shared/arches.ts';
import { gather, compareText, type Unresolved } from './gather.ts';
import { multilibSelector } from './multilib.ts';
import { globMatcher, isGlob } from '../../compose/package-pattern.ts';
import { anyOf, nodepsPattern } from './name-pattern.ts';
import { kindOf, PackagePool } from './package-pool.ts';

export interface SelectionRequest {
  readonly arch: string;
  /** Names or globs; empty = all. */
  readonly names: readonly string[];
  readonly followDependencies: boolean;
  /** Empty = no multilib for this arch. */
  readonly multilib: readonly MultilibMethod[];
  /** Whether the packages are the whole set already, as those of Koji are: then only one gathering is made. */
  readonly isPackageSet: boolean;
}

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

export interface Sources {
  readonly packages: readonly RpmPackage[];
  readonly lookasides: readonly (readonly RpmPackage[])[];
  /** What a source package says of arches; metadata does not tell it. */
  constraints(source: RpmPackage): ArchConstraints;
}

/** Pungi always looks for it, whether it is asked for or not. */
const ALWAYS = 'system-release';

export function selectPackages(request: SelectionRequest, sources: Sources): Selection {
  const arches = archSet(request.arch);
  const names = request.names.length === 0 ? ['*'] : request.names;
  const set = packageSet(
    request.isPackageSet ? sources.packages : gatherWidely(names, arches, sources),
    request,
    arches,
    sources,
  );
  if (!followsDependencies(request)) return plainMatch(readByPungi(set, request), names, request, arches);
  const pool = new PackagePool(
    [...sources.lookasides.map((packages) => ({ packages, lookaside: true })), { packages: set, lookaside: false }],
    arches,
  );
  return gather(pool, { arches, names, wide: false, selectsMultilib: multilibSelector(request.multilib) });
}

/** All of Koji's packages without dependencies are more than Pungi's way of that can take: it follows them (engines/pungi/configuration.ts). */
function followsDependencies({ followDependencies, isPackageSet, names }: SelectionRequest): boolean {
  return followDependencies || (isPackageSet && names.length === 0);
}

/** Without dependencies and with names that are no globs, Pungi reads no other packages from Koji: not even for debugging. */
function readByPungi(set: readonly RpmPackage[], { isPackageSet, names }: SelectionRequest): readonly RpmPackage[] {
  if (!isPackageSet || names.some(isGlob)) return set;
  return set.filter(({ name, arch }) => isSourceArch(arch) || names.includes(name));
}

function gatherWidely(names: readonly string[], arches: ArchSet, { packages }: Sources): readonly RpmPackage[] {
  const { binary, debug, source } = gather(new PackagePool([{ packages, lookaside: false }], arches), {
    arches,
    names: [...names, ALWAYS],
    wide: true,
    selectsMultilib: () => true,
  });
  return [...binary, ...debug, ...source];
}

/** Source packages that decide whether noarch packages come; their headers have to be at hand. */
export function sourcesToLookAt(request: SelectionRequest, packages: readonly RpmPackage[]): readonly RpmPackage[] {
  const looked: RpmPackage[] = [];
  const constraints = (source: RpmPackage) => {
    looked.push(source);
    return { excludeArch: [], exclusiveArch: [] };
  };
  selectPackages({ ...request, followDependencies: false }, { packages, lookasides: [], constraints });
  return looked;
}

/** What is left for the arch of all that there is, by file name: one package per name, no arch that was not asked for. */
function packageSet(
  all: readonly RpmPackage[],
  request: SelectionRequest,
  { native }: ArchSet,
  sources: Sources,
): RpmPackage[] {
  const byFile = new Map<string, RpmPackage>();
  for (const pkg of all) {
    const file = baseName(pkg);
    if (!byFile.has(file)) byFile.set(file, pkg);
  }
  const excluded = new Map<string, boolean>();
  const isExcluded = (sourceRpm: string) => {
    const known = excluded.get(sourceRpm);
    if (known !== undefined) return known;
    const source = byFile.get(sourceRpm);
    const answer = source !== undefined && excludes(sources.constraints(source), request.arch);
    excluded.set(sourceRpm, answer);
    return answer;
  };
  const kept = [...byFile.values()].filter((pkg) => {
    if (isSourceArch(pkg.arch)) return false;
    if (!native.has(pkg.arch) && request.multilib.length === 0) return false;
    return pkg.arch !== 'noarch' || pkg.sourceRpm === null || !isExcluded(pkg.sourceRpm);
  });
  const sourceNames = new Set(kept.map(({ sourceRpm }) => sourceName(sourceRpm)));
  const ofKept = [...byFile.values()].filter(({ arch, name }) => isSourceArch(arch) && sourceNames.has(name));
  return [...kept, ...ofKept].toSorted((a, b) => compareText(baseName(a), baseName(b)));
}

function excludes({ excludeArch, exclusiveArch }: ArchConstraints, arch: string): boolean {
  const own = (listed: string) => listed === arch || listed === 'noarch';
  return excludeArch.some(own) || (exclusiveArch.length > 0 && !exclusiveArch.some(own));
}

function plainMatch(
  set: readonly RpmPackage[],
  names: readonly string[],
  request: SelectionRequest,
  { native }: ArchSet,
): Selection {
  const everything = request.names.length === 0;
  const isAsked = anyOf(names, nodepsPattern);
  const binary = set.filter(
    (pkg) => kindOf(pkg) === 'binary' && (everything || native.has(pkg.arch)) && isAsked(pkg.name),
  );
  const sourceRpms = new Set(binary.map(({ sourceRpm }) => sourceRpm));
  const source = set.filter((pkg) => kindOf(pkg) === 'source' && sourceRpms.has(baseName(pkg)));
  // Debug packages come by source and arch, whatever package they are for.
  const arched = new Set(
    binary.filter(({ arch }) => arch !== 'noarch').map(({ sourceRpm, arch }) => `${sourceRpm} ${arch}`),
  );
  const debug = set.filter((pkg) => kindOf(pkg) === 'debug' && arched.has(`${pkg.sourceRpm} ${pkg.arch}`));
  return { binary, debug, source, unresolved: [] };
}

/** Those of the names asked for that no package of the result answers to. */
export function missingNames(
  names: readonly string[],
  followDependencies: boolean,
  chosen: ReadonlySet<string>,
): readonly string[] {
  return names.filter((asked) => {
    if (chosen.has(asked)) return false;
    const glob = globMatcher(asked.replace(/\.\+$/, ''));
    const matches = followDependencies ? glob : (name: string) => glob(name) || nodepsPattern(asked)(name);
    return ![...chosen].some(matches);
  });
}

function sourceName(sourceRpm: string | null): string {
  return /^(.*)-[^-]*-[^-]*$/.exec(sourceRpm ?? '')?.[1] ?? '';
}
