// The thread that chooses the packages of one arch: reads the indexes, gathers, and writes the plan.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodePackage, nevra, type RpmPackage } from '../../compose/rpm-package.ts';
import { serveThread } from '../../worker-thread.ts';
import { pathInTree } from './layout.ts';
import { encodePlanned, type PlannedCategory } from './plan.ts';
import { readArchConstraints } from './rpm-header.ts';
import { baseName, missingNames, selectPackages, sourcesToLookAt, type Selection, type SelectionRequest } from './select-packages.ts';

export interface GatherTask {
  readonly request: SelectionRequest;
  readonly packageIndex: string;
  readonly lookasideIndexes: readonly string[];
  /** The repository's directory; null for a remote one, of which `downloads` holds what was brought here. */
  readonly root: string | null;
  readonly downloads: string;
  readonly plan: string;
  /** Where the packages go that createrepo_c need not open, as `PackageMetadata` wants them. */
  readonly known: string;
}

export type GatherResult =
  /** Source packages whose headers are needed first. */
  | { readonly type: 'needs'; readonly packages: readonly RpmPackage[] }
  | {
      readonly type: 'chosen';
      readonly counts: Readonly<Record<PlannedCategory, number>>;
      /** Asked for, and answered to by no package of this arch. */
      readonly missing: readonly string[];
      /** `package requires requirement`, what nothing provides. */
      readonly unresolved: readonly string[];
    };

await serveThread((task: GatherTask): GatherResult => {
  const { request, root, downloads } = task;
  const packages = readIndex(task.packageIndex);
  const pathOf = (pkg: RpmPackage) => (root === null ? join(downloads, pkg.checksum) : join(root, pkg.href));
  if (root === null) {
    const needed = sourcesToLookAt(request, packages).filter((pkg) => !existsSync(pathOf(pkg)));
    if (needed.length > 0) return { type: 'needs', packages: needed };
  }
  const selection = selectPackages(request, {
    packages,
    lookasides: task.lookasideIndexes.map(readIndex),
    constraints: (source) => readArchConstraints(pathOf(source)),
  });
  writeFileSync(task.plan, planLines(selection));
  writeFileSync(task.known, knownLines(selection));
  const chosen = new Set([...selection.binary, ...selection.debug].map(({ name }) => name));
  return {
    type: 'chosen',
    counts: { binary: selection.binary.length, debug: selection.debug.length, source: selection.source.length },
    missing: missingNames(request.names, request.followDependencies, chosen),
    unresolved: selection.unresolved.map(({ pkg, requirement }) => `${pkg} requires ${requirement}`),
  };
});

function readIndex(path: string): RpmPackage[] {
  return readFileSync(path, 'utf8').split('\n').filter((line) => line !== '').map(decodePackage);
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
function knownLines({ binary, debug, source }: Selection): string {
  const usable = [...binary, ...debug, ...source].filter(({ checksumType }) => checksumType === 'sha256');
  return usable.map((pkg) => `${JSON.stringify([pkg.checksum, pkg.href, pathInTree(baseName(pkg))])}\n`).join('');
}

/** A source package that is not there is taken to have its package's epoch. */
function guessedSource(pkg: RpmPackage): string {
  const [, name, version, release, arch] = /^(.*)-([^-]*)-([^-]*)\.([^.]*)\.rpm$/.exec(pkg.sourceRpm ?? '') ?? [];
  return nevra({ name: name ?? pkg.name, epoch: pkg.epoch, version: version ?? pkg.version, release: release ?? pkg.release, arch: arch ?? 'src' });
}
