// Verifies a package against the plan before it becomes part of a compose: type, size, checksum, and its place below the
// repository. Reads the signature, too. Synchronous: it runs in the link thread.

import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { isBelow } from '../../compose/location.ts';
import type { PlannedPackage } from './plan.ts';
import { signatureOf, type PackageSignature } from './signature-check.ts';

export interface VerifiedPackage {
  readonly path: string;
  /** The file that was verified; null for a download, which was verified while it was written. */
  readonly identity: FileIdentity | null;
  readonly signature: PackageSignature;
}

export type FileIdentity = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs'>;

/** Ends the linking of a compose with an expected failure. */
export class PackageError extends Error {
  readonly failure: ComposeFailure;

  constructor(failure: ComposeFailure, options?: ErrorOptions) {
    super(failure.message, options);
    this.failure = failure;
  }
}

export function invalidPackage(message: string, options?: ErrorOptions): PackageError {
  return new PackageError(failure('INVALID_SOURCE', message), options);
}

/** createrepo_c's name → Node.js' name. */
const ALGORITHMS: Readonly<Record<string, string>> = { sha: 'sha1' };
const buffer = Buffer.allocUnsafe(1024 * 1024);

/** `root`: the local repository; null for downloads. Throws `PackageError`. */
export function verifyPackage(root: string | null, downloads: string, planned: PlannedPackage): VerifiedPackage {
  if (root !== null) return verifyFile(realPathBelow(root, planned.href), planned);
  const path = join(downloads, planned.checksum);
  return { path, identity: null, signature: withFile(path, constants.O_RDONLY, signatureOf) };
}

/** No symbolic link may lead to a file outside of the repository. */
function realPathBelow(root: string, href: string): string {
  let path: string;
  try {
    path = realpathSync(join(root, href));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw invalidPackage(
      `${href} vanished from the repository while the compose was generated (${code}). Try again when the repository is complete.`,
      { cause: error },
    );
  }
  if (isBelow(path, root)) return path;
  throw invalidPackage(
    `${href} is a symbolic link to a file outside of the repository. Put the package into the repository.`,
  );
}

function verifyFile(path: string, { href, sizeBytes, checksum, checksumType }: PlannedPackage): VerifiedPackage {
  // Not blocking: the path could be a named pipe.
  return withFile(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK, (file) => {
    const identity = fstatSync(file, { bigint: true });
    if (!identity.isFile()) throw invalidPackage(`${href} is not a regular file. Correct the repository.`);
    if (identity.size !== BigInt(sizeBytes))
      throw invalidPackage(
        `${href} has ${identity.size} bytes, but the repository's metadata says ${sizeBytes}. Run createrepo_c on the repository, or restore the package.`,
      );
    const hash = createHash(ALGORITHMS[checksumType] ?? checksumType);
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer))
      hash.update(buffer.subarray(0, read));
    if (hash.digest('hex') !== checksum)
      throw invalidPackage(
        `${href} does not have the ${checksumType} checksum in the repository's metadata. Run createrepo_c on the repository, or restore the package.`,
      );
    return { path, identity, signature: signatureOf(file) };
  });
}

function withFile<T>(path: string, flags: number, read: (file: number) => T): T {
  const file = openSync(path, flags);
  try {
    return read(file);
  } finally {
    closeSync(file);
  }
}
