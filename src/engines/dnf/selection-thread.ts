// The thread that selects the packages of one arch: it reads the package indexes, selects, and writes the plan. When it needs
// the content of more packages first, it says which; the caller provides them and runs it again.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  baseName,
  decodePackage,
  encodePackage,
  nevra,
  type RpmCategory,
  type RpmPackage,
} from '../../compose/rpm-package.ts';
import { serveThread } from '../../concurrency/worker-thread.ts';
import { pathInTree } from '../shared/layout.ts';
import { encodePlanned } from './plan.ts';
import { readArchConstraints } from './rpm-header.ts';
import {
  missingNames,
  selectPackages,
  sourcesWithConstraints,
  type ArchConstraints,
  type Selection,
  type SelectionRequest,
} from './select-packages.ts';

export interface SelectionTask {
  readonly request: SelectionRequest;
  readonly packageIndex: string;
  /** Indexes of packages that were read since `packageIndex` was written. */
  readonly readIndexes: readonly string[];
  readonly lookasideIndexes: readonly string[];
  /** Directory of a local repository; null for a remote one, whose packages are in `downloads`. */
  readonly root: string | null;
  readonly downloads: string;
  /** Output: the plan. */
  readonly planFile: string;
  /** Output: the packages whose metadata can be reused, in the form for `PackageMetadata`. */
  readonly metadataRequest: string;
  /** Output: an index of the Koji packages that must be read. */
  readonly unreadIndex: string;
}

export type SelectionResult =
  /** These packages must be downloaded first. */
  | { readonly type: 'needs-files'; readonly packages: readonly RpmPackage[] }
  /** The packages in `unreadIndex` must be read first. */
  | { readonly type: 'needs-reading' }
  | ArchSelection;

export interface ArchSelection {
  readonly type: 'selected';
  readonly counts: Readonly<Record<RpmCategory, number>>;
  /** Requested names that match no package of this arch. */
  readonly missing: readonly string[];
  /** `package requires requirement`, for each requirement without a provider. */
  readonly unresolved: readonly string[];
}

const NO_CONSTRAINTS: ArchConstraints = { excludeArch: [], exclusiveArch: [] };

await serveThread((task: SelectionTask): SelectionResult => {
  const { request, root, downloads } = task;
  const packages = readPackages(task);
  const pathOf = (pkg: RpmPackage) => (root === null ? join(downloads, pkg.checksum) : join(root, pkg.href));
  const isAbsent = (pkg: RpmPackage) => root === null && !existsSync(pathOf(pkg));
  if (root === null && !request.isPackageSet) {
    const needed = sourcesWithConstraints(request, packages).filter(isAbsent);
    if (needed.length > 0) return { type: 'needs-files', packages: needed };
  }
  const selection = selectPackages(request, {
    packages,
    lookasides: task.lookasideIndexes.map(readIndex),
    // An unread source gets its constraints in a later run: the compose includes it, so that this run cannot be the last.
    constraints: (source) => (source.unread || isAbsent(source) ? NO_CONSTRAINTS : readArchConstraints(pathOf(source))),
  });
  const all = [...selection.binary, ...selection.debug, ...selection.source];
  const unread = all.filter((pkg) => pkg.unread !== undefined);
  if (unread.length > 0) {
    writeFileSync(task.unreadIndex, unread.map((pkg) => `${encodePackage(pkg)}\n`).join(''));
    return { type: 'needs-reading' };
  }
  const absent = request.isPackageSet ? selection.source.filter(isAbsent) : [];
  if (absent.length > 0) return { type: 'needs-files', packages: absent };
  writeFileSync(task.planFile, planLines(selection));
  writeFileSync(task.metadataRequest, metadataRequestLines(all));
  return summary(request, selection);
});

function summary(request: SelectionRequest, { binary, debug, source, unresolved }: Selection): ArchSelection {
  const names = new Set([...binary, ...debug].map(({ name }) => name));
  return {
    type: 'selected',
    counts: { binary: binary.length, debug: debug.length, source: source.length },
    missing: missingNames(request.names, request.followDependencies, names),
    unresolved: unresolved.map(({ pkg, requirement }) => `${pkg} requires ${requirement}`),
  };
}

function readPackages({ packageIndex, readIndexes }: SelectionTask): readonly RpmPackage[] {
  const packages = readIndex(packageIndex);
  if (readIndexes.length === 0) return packages;
  const read = new Map(readIndexes.flatMap(readIndex).map((pkg) => [baseName(pkg), pkg]));
  return packages.map((pkg) => (pkg.unread ? (read.get(baseName(pkg)) ?? pkg) : pkg));
}

function readIndex(path: string): RpmPackage[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map(decodePackage);
}

function planLines({ binary, debug, source }: Selection): string {
  const sources = new Map(source.map((pkg) => [baseName(pkg), nevra(pkg)]));
  const lines = (category: RpmCategory, packages: readonly RpmPackage[]) =>
    packages.map((pkg) => {
      const { href, sizeBytes, checksumType, checksum } = pkg;
      const sourceNevra = category === 'source' ? nevra(pkg) : (sources.get(pkg.sourceRpm ?? '') ?? guessedSource(pkg));
      return `${encodePlanned({ category, nevra: nevra(pkg), sourceNevra, href, file: baseName(pkg), sizeBytes, checksumType, checksum })}\n`;
    });
  return [...lines('binary', binary), ...lines('debug', debug), ...lines('source', source)].join('');
}

/** Only packages whose checksum has the type of the compose's repodata. */
function metadataRequestLines(packages: readonly RpmPackage[]): string {
  return packages
    .filter(({ checksumType }) => checksumType === 'sha256')
    .map((pkg) => `${JSON.stringify([pkg.checksum, pkg.describedAt ?? pkg.href, pathInTree(baseName(pkg))])}\n`)
    .join('');
}

/** NEVRA of a source package that the repository lacks. Its epoch is unknown; the package's own epoch is the best guess. */
function guessedSource(pkg: RpmPackage): string {
  const [, name, version, release, arch] = /^(.*)-([^-]*)-([^-]*)\.([^.]*)\.rpm$/.exec(pkg.sourceRpm ?? '') ?? [];
  return nevra({
    name: name ?? pkg.name,
    epoch: pkg.epoch,
    version: version ?? pkg.version,
    release: release ?? pkg.release,
    arch: arch ?? 'src',
  });
}
