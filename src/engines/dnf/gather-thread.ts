// The thread that chooses the packages of one arch: reads the indexes, gathers, and writes the plan. What it has to know of
// packages first, or of those that it chose, it asks for, and is run again.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { baseName, decodePackage, encodePackage, nevra, type RpmPackage } from '../../compose/rpm-package.ts';
import { serveThread } from '../../concurrency/worker-thread.ts';
import { pathInTree } from '../shared/layout.ts';
import { encodePlanned, type PlannedCategory } from './plan.ts';
import { readArchConstraints } from './rpm-header.ts';
import {
  missingNames,
  selectPackages,
  sourcesToLookAt,
  type ArchConstraints,
  type Selection,
  type SelectionRequest,
} from './select-packages.ts';

export interface GatherTask {
  readonly request: SelectionRequest;
  readonly packageIndex: string;
  /** Indexes of packages that were looked into since that one was written. */
  readonly read: readonly string[];
  readonly lookasideIndexes: readonly string[];
  /** The repository's directory; null for a remote one, of which `downloads` holds what was brought here. */
  readonly root: string | null;
  readonly downloads: string;
  readonly plan: string;
  /** Where the packages go that createrepo_c need not open, as `PackageMetadata` wants them. */
  readonly known: string;
  /** Where those of Koji go that are to be looked into. */
  readonly unread: string;
}

export type GatherResult =
  /** Source packages whose headers are needed first. */
  | { readonly type: 'needs'; readonly packages: readonly RpmPackage[] }
  /** So many of Koji's packages would be chosen that nobody has looked into. */
  | { readonly type: 'unread'; readonly count: number }
  | {
      readonly type: 'chosen';
      readonly counts: Readonly<Record<PlannedCategory, number>>;
      /** Asked for, and answered to by no package of this arch. */
      readonly missing: readonly string[];
      /** `package requires requirement`, what nothing provides. */
      readonly unresolved: readonly string[];
    };

const UNKNOWN: ArchConstraints = { excludeArch: [], exclusiveArch: [] };

await serveThread((task: GatherTask): GatherResult => {
  const { request, root, downloads } = task;
  const packages = readPackages(task);
  const pathOf = (pkg: RpmPackage) => (root === null ? join(downloads, pkg.checksum) : join(root, pkg.href));
  if (root === null && !request.isPackageSet) {
    const needed = sourcesToLookAt(request, packages).filter((pkg) => !existsSync(pathOf(pkg)));
    if (needed.length > 0) return { type: 'needs', packages: needed };
  }
  const selection = selectPackages(request, {
    packages,
    lookasides: task.lookasideIndexes.map(readIndex),
    // Sources come along with what is chosen: those that matter will have been read when it is chosen for good.
    constraints: (source) =>
      source.unread || (root === null && !existsSync(pathOf(source))) ? UNKNOWN : readArchConstraints(pathOf(source)),
  });
  const all = [...selection.binary, ...selection.debug, ...selection.source];
  const unread = all.filter((pkg) => pkg.unread !== undefined);
  if (unread.length > 0) {
    writeFileSync(task.unread, unread.map((pkg) => `${encodePackage(pkg)}\n`).join(''));
    return { type: 'unread', count: unread.length };
  }
  const absent =
    root === null && request.isPackageSet ? selection.source.filter((source) => !existsSync(pathOf(source))) : [];
  if (absent.length > 0) return { type: 'needs', packages: absent };
  writeFileSync(task.plan, planLines(selection));
  writeFileSync(task.known, knownLines(all));
  const chosen = new Set([...selection.binary, ...selection.debug].map(({ name }) => name));
  return {
    type: 'chosen',
    counts: { binary: selection.binary.length, debug: selection.debug.length, source: selection.source.length },
    missing: missingNames(request.names, request.followDependencies, chosen),
    unresolved: selection.unresolved.map(({ pkg, requirement }) => `${pkg} requires ${requirement}`),
  };
});

function readPackages({ packageIndex, read }: GatherTask): readonly RpmPackage[] {
  const packages = readIndex(packageIndex);
  if (read.length === 0) return packages;
  const learned = new Map(read.flatMap(readIndex).map((pkg) => [baseName(pkg), pkg]));
  return packages.map((pkg) => (pkg.unread ? (learned.get(baseName(pkg)) ?? pkg) : pkg));
}

function readIndex(path: string): RpmPackage[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map(decodePackage);
}

function planLines({ binary, debug, source }: Selection): string {
  const sources = new Map(source.map((pkg) => [baseName(pkg), nevra(pkg)]));
  const lines = (category: PlannedCategory, packages: readonly RpmPackage[]) =>
    packages.map((pkg) => {
      const { href, sizeBytes, checksumType, checksum } = pkg;
      const sourceNevra = category === 'source' ? nevra(pkg) : (sources.get(pkg.sourceRpm ?? '') ?? guessedSource(pkg));
      return `${encodePlanned({ category, nevra: nevra(pkg), sourceNevra, href, file: baseName(pkg), sizeBytes, checksumType, checksum })}\n`;
    });
  return [...lines('binary', binary), ...lines('debug', debug), ...lines('source', source)].join('');
}

/** Those whose checksum is of the kind that the compose's repodata has. */
function knownLines(packages: readonly RpmPackage[]): string {
  const usable = packages.filter(({ checksumType }) => checksumType === 'sha256');
  return usable
    .map((pkg) => `${JSON.stringify([pkg.checksum, pkg.describedAt ?? pkg.href, pathInTree(baseName(pkg))])}\n`)
    .join('');
}

/** A source package that is not there is taken to have its package's epoch. */
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
