// The thread that brings the planned packages of all arches into the compose. All of them are verified before the first
// is linked, their signing keys with them; what is linked must then be the very file that was verified. Writes each
// arch's part of rpms.json.

import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  writeFileSync,
  type BigIntStats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { isBelow } from '../../compose/location.ts';
import { serveThread } from '../../concurrency/worker-thread.ts';
import { createLinker, type Linker, type LinkMode } from '../shared/link-file.ts';
import { packagePath, treeOf } from '../shared/layout.ts';
import { decodePlanned, type PlannedPackage } from './plan.ts';
import { rpmsOfArch } from '../shared/rpms-json.ts';
import { isSignedAsAsked, sigkeyOf, signingOf, unsignedPackages, type Signing } from './signing.ts';

export interface PlaceTask {
  readonly arches: readonly {
    readonly arch: string;
    readonly plan: string;
    /** The local repository; null where the packages were downloaded, and verified in doing so. */
    readonly root: string | null;
    /** Where this arch's part of rpms.json goes. */
    readonly manifest: string;
  }[];
  readonly downloads: string;
  /** The compose's compose/. */
  readonly target: string;
  readonly mode: LinkMode;
  /** Most wanted first; none = signatures do not matter. */
  readonly sigkeys: readonly string[];
  /** They say which signature to tell of, and refuse none. */
  readonly anySignature: boolean;
}

export interface PlaceProgress {
  readonly done: number;
  readonly total: number;
}

export type PlaceResult = { readonly failure: ComposeFailure } | { readonly counts: Linker['counts'] };

interface Placement {
  readonly planned: PlannedPackage;
  readonly from: string;
  readonly to: string;
  /** Null for a download. */
  readonly identity: Identity | null;
  readonly sigkey: string | null;
}

interface Verified {
  readonly path: string;
  readonly identity: Identity | null;
  readonly signing: Signing;
}

type Identity = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs'>;

class Fault extends Error {
  readonly failure: ComposeFailure;
  constructor(failure: ComposeFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

const ALGORITHMS: Readonly<Record<string, string>> = { sha: 'sha1' };
const REPORT_EVERY = 200;
const buffer = Buffer.allocUnsafe(1024 * 1024);

await serveThread((task: PlaceTask, report: (progress: PlaceProgress) => void): PlaceResult => {
  try {
    const placements = verifyAll(task, report);
    const linker = createLinker(task.mode);
    place(placements, linker, task.mode);
    return { counts: linker.counts };
  } catch (error) {
    if (error instanceof Fault) return { failure: error.failure };
    throw error;
  }
});

function verifyAll(task: PlaceTask, report: (progress: PlaceProgress) => void): Placement[] {
  const lists = task.arches.map((arch) => ({
    ...arch,
    packages: readFileSync(arch.plan, 'utf8').split('\n').filter(Boolean).map(decodePlanned),
  }));
  const total = lists.reduce((sum, { packages }) => sum + packages.length, 0);
  const placements = new Map<string, Placement>();
  const verified = new Map<string, Verified>();
  const unsigned = new Set<string>();
  let done = 0;
  for (const { arch, root, packages, manifest } of lists) {
    const pathOf = (planned: PlannedPackage) => packagePath(treeOf(planned.category, arch), planned.file);
    for (const planned of packages) {
      const to = join(task.target, pathOf(planned));
      const other = placements.get(to);
      if (other && other.planned.checksum !== planned.checksum)
        throw invalid(`Two different packages are called ${planned.file}`);
      if (!other) {
        const { path, identity, signing } = verifyOnce(verified, root, task.downloads, planned);
        placements.set(to, { planned, to, from: path, identity, sigkey: sigkeyOf(signing, task.sigkeys) });
        if (!task.anySignature && !isSignedAsAsked(signing, task.sigkeys)) unsigned.add(planned.nevra);
      }
      if (++done % REPORT_EVERY === 0) report({ done, total });
    }
    writeFileSync(
      manifest,
      rpmsOfArch(arch, packages, (planned) => placements.get(join(task.target, pathOf(planned)))?.sigkey ?? null),
    );
  }
  if (unsigned.size > 0) throw new Fault(unsignedPackages([...unsigned], task.sigkeys));
  return [...placements.values()];
}

function verifyOnce(
  verified: Map<string, Verified>,
  root: string | null,
  downloads: string,
  planned: PlannedPackage,
): Verified {
  const asked = root === null ? join(downloads, planned.checksum) : join(root, planned.href);
  const known = verified.get(asked);
  if (known) return known;
  const source =
    root === null
      ? { path: asked, identity: null, signing: signingOfDownload(asked) }
      : verify(realPathBelow(root, planned.href), planned);
  verified.set(asked, source);
  return source;
}

function signingOfDownload(path: string): Signing {
  const file = openSync(path, 'r');
  try {
    return signingOf(file);
  } finally {
    closeSync(file);
  }
}

function realPathBelow(root: string, href: string): string {
  try {
    const path = realpathSync(join(root, href));
    if (isBelow(path, root)) return path;
  } catch (error) {
    throw invalid(
      `${href} was removed from the repository while the compose was generated (${(error as NodeJS.ErrnoException).code})`,
    );
  }
  throw invalid(`${href} leads out of the repository by a symbolic link`);
}

function verify(path: string, { href, sizeBytes, checksum, checksumType }: PlannedPackage): Verified {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const identity = fstatSync(file, { bigint: true });
    if (!identity.isFile()) throw invalid(`${href} is not a regular file`);
    if (identity.size !== BigInt(sizeBytes))
      throw invalid(`${href} has ${identity.size} bytes where the repository's metadata tells ${sizeBytes}`);
    const hash = createHash(ALGORITHMS[checksumType] ?? checksumType);
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer))
      hash.update(buffer.subarray(0, read));
    if (hash.digest('hex') !== checksum)
      throw invalid(
        `${href} does not have the ${checksumType} checksum that the repository's metadata tells; run createrepo_c there again, or restore the package`,
      );
    return { path, identity, signing: signingOf(file) };
  } finally {
    closeSync(file);
  }
}

function place(placements: readonly Placement[], linker: Linker, mode: LinkMode): void {
  const directories = new Set<string>();
  const ours = createLinker('auto');
  for (const { from, to, identity, planned } of placements) {
    const directory = dirname(to);
    if (!directories.has(directory)) mkdirSync(directory, { recursive: true });
    directories.add(directory);
    try {
      // A download is ours, on the file system of the target: how sources are to be linked does not concern it.
      if (identity === null) ours.link(from, to);
      else linkVerified(linker, from, to, identity, planned);
    } catch (error) {
      if (error instanceof Fault) throw error;
      throw new Fault(storageFailure(planned, mode, error as NodeJS.ErrnoException));
    }
  }
}

function linkVerified(linker: Linker, from: string, to: string, identity: Identity, { href }: PlannedPackage): void {
  linker.link(from, to);
  const now = lstatSync(from, { bigint: true });
  const placed = lstatSync(to, { bigint: true });
  const same =
    now.dev === identity.dev &&
    now.ino === identity.ino &&
    now.size === identity.size &&
    now.mtimeNs === identity.mtimeNs;
  // A hard link made just before the source was replaced is another file than the source is now, and neither is trusted.
  const linked =
    !placed.isSymbolicLink() && placed.size === identity.size && (placed.ino === identity.ino || placed.nlink === 1n);
  if (!same || !linked)
    throw invalid(`${href} was replaced while the compose was generated; try again when the repository is at rest`);
}

function storageFailure({ file }: PlannedPackage, mode: LinkMode, { code }: NodeJS.ErrnoException): ComposeFailure {
  if (mode === 'hardlink' && code === 'EPERM') {
    return failure(
      'STORAGE',
      `${file} cannot be hard-linked (EPERM): with fs.protected_hardlinks the service must own the packages or be allowed to write them; set ODCS_LINK=auto or copy`,
    );
  }
  if (mode !== 'auto' && mode !== 'copy')
    return failure(
      'STORAGE',
      `${file} cannot be brought into the compose with ODCS_LINK=${mode} (${code}); set ODCS_LINK=auto`,
    );
  return failure('STORAGE', `${file} cannot be written into the compose (${code})`);
}

function invalid(message: string): Fault {
  return new Fault(failure('INVALID_SOURCE', message));
}
