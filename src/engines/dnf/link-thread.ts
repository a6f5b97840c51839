// The thread that links the planned packages of all arches into the compose. It verifies all packages before it links the
// first one, and checks that each linked file is the verified one. Also writes each arch's part of rpms.json.

import { lstatSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { unsignedPackagesFailure } from '../../compose/package-failures.ts';
import { serveThread } from '../../concurrency/worker-thread.ts';
import { packagePath, treeOf } from '../shared/layout.ts';
import { createLinker, type Linker, type LinkMode } from '../shared/link-file.ts';
import { manifestPart } from '../shared/rpms-json.ts';
import { decodePlanned, type PlannedPackage } from './plan.ts';
import { isAccepted, sigkeyOf } from './signature-check.ts';
import {
  invalidPackage,
  PackageError,
  verifyPackage,
  type FileIdentity,
  type VerifiedPackage,
} from './verify-package.ts';

export interface LinkTask {
  readonly arches: readonly LinkArch[];
  readonly downloads: string;
  /** The compose's `compose/` directory. */
  readonly target: string;
  readonly mode: LinkMode;
  /** The most preferred first. */
  readonly sigkeys: readonly string[];
  /** True: `sigkeys` only decides which signature rpms.json names; every package is accepted. */
  readonly acceptsAnySignature: boolean;
}

interface LinkArch {
  readonly arch: string;
  readonly planFile: string;
  /** Directory of a local repository; null for a remote one, whose packages are in `downloads`. */
  readonly root: string | null;
  /** Output: the arch's part of rpms.json. */
  readonly manifestPart: string;
}

export interface LinkProgress {
  readonly done: number;
  readonly total: number;
}

export type LinkResult = { readonly failure: ComposeFailure } | { readonly counts: Linker['counts'] };

/** A verified package and its path in the compose. */
interface Placement extends VerifiedPackage {
  readonly planned: PlannedPackage;
  readonly to: string;
}

const REPORT_EVERY = 200;

await serveThread((task: LinkTask, report: (progress: LinkProgress) => void): LinkResult => {
  try {
    const placements = verifyAll(task, report);
    const linker = createLinker(task.mode);
    linkAll(placements, linker, task.mode);
    return { counts: linker.counts };
  } catch (error) {
    if (error instanceof PackageError) return { failure: error.failure };
    throw error;
  }
});

function verifyAll(task: LinkTask, report: (progress: LinkProgress) => void): readonly Placement[] {
  const { sigkeys, acceptsAnySignature } = task;
  const plans = task.arches.map((arch) => ({ ...arch, packages: readPlanLines(arch.planFile) }));
  const total = plans.reduce((sum, { packages }) => sum + packages.length, 0);
  const placements = new Map<string, Placement>();
  const verify = verifyOnce(task.downloads);
  const unsigned = new Set<string>();
  let done = 0;
  for (const { arch, root, packages, manifestPart: part } of plans) {
    const entries = packages.map((planned) => {
      const path = packagePath(treeOf(planned.category, arch), planned.file);
      const to = join(task.target, path);
      const placement = placements.get(to) ?? { ...verify(root, planned), planned, to };
      if (placement.planned.checksum !== planned.checksum)
        throw invalidPackage(`Two different packages have the file name ${planned.file}. Correct the repository.`);
      placements.set(to, placement);
      if (!acceptsAnySignature && !isAccepted(placement.signature, sigkeys)) unsigned.add(planned.nevra);
      if (++done % REPORT_EVERY === 0) report({ done, total });
      const { category, nevra, sourceNevra } = planned;
      return { sourceNevra, nevra, entry: { category, path, sigkey: sigkeyOf(placement.signature, sigkeys) } };
    });
    writeFileSync(part, manifestPart(arch, entries));
  }
  if (unsigned.size > 0) throw new PackageError(unsignedPackagesFailure([...unsigned], sigkeys));
  return [...placements.values()];
}

function readPlanLines(path: string): readonly PlannedPackage[] {
  return readFileSync(path, 'utf8').split('\n').filter(Boolean).map(decodePlanned);
}

/** Arches share files, e.g. of noarch packages. */
function verifyOnce(downloads: string): (root: string | null, planned: PlannedPackage) => VerifiedPackage {
  const verified = new Map<string, VerifiedPackage>();
  return (root, planned) => {
    const key = root === null ? planned.checksum : join(root, planned.href);
    const earlier = verified.get(key);
    if (earlier) return earlier;
    const result = verifyPackage(root, downloads, planned);
    verified.set(key, result);
    return result;
  };
}

function linkAll(placements: readonly Placement[], linker: Linker, mode: LinkMode): void {
  const directories = new Set<string>();
  const downloadLinker = createLinker('auto');
  for (const placement of placements) {
    const { path, to, identity } = placement;
    const directory = dirname(to);
    if (!directories.has(directory)) mkdirSync(directory, { recursive: true });
    directories.add(directory);
    try {
      // `mode` is about source repositories. A download is a file of the service, on the target's file system.
      if (identity === null) downloadLinker.link(path, to);
      else linkVerified(linker, placement, identity);
    } catch (error) {
      if (error instanceof PackageError) throw error;
      throw new PackageError(linkFailure(placement.planned.file, mode, error as NodeJS.ErrnoException), {
        cause: error,
      });
    }
  }
}

function linkVerified(linker: Linker, { path, to, planned: { href } }: Placement, identity: FileIdentity): void {
  linker.link(path, to);
  const source = lstatSync(path, { bigint: true });
  const linked = lstatSync(to, { bigint: true });
  const isSourceUnchanged =
    source.dev === identity.dev &&
    source.ino === identity.ino &&
    source.size === identity.size &&
    source.mtimeNs === identity.mtimeNs;
  // A hard link can be to an older or newer file than the verified one when the source is replaced around that moment.
  const isVerifiedFile =
    !linked.isSymbolicLink() && linked.size === identity.size && (linked.ino === identity.ino || linked.nlink === 1n);
  if (!isSourceUnchanged || !isVerifiedFile)
    throw invalidPackage(
      `${href} was replaced while the compose was generated. Try again when the repository no longer changes.`,
    );
}

function linkFailure(file: string, mode: LinkMode, { code }: NodeJS.ErrnoException): ComposeFailure {
  if (mode === 'hardlink' && code === 'EPERM')
    return failure(
      'STORAGE',
      `Cannot hard-link ${file} (EPERM): with fs.protected_hardlinks, the service's user must own the packages or have write access to them. Set ODCS_LINK to auto or copy.`,
    );
  if (mode !== 'auto' && mode !== 'copy')
    return failure('STORAGE', `Cannot link ${file} with ODCS_LINK=${mode} (${code}). Set ODCS_LINK=auto.`);
  return failure(
    'STORAGE',
    `Cannot write ${file} into the compose (${code}). Ask an administrator to check the target directory.`,
  );
}
