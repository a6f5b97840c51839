// The thread that looks for the files of Koji's packages and holds them against what the hub tells: the size of an unsigned
// copy, and the MD5 of header and payload, which signing does not touch. It says which have to be described.

import { createHash } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { isBelow } from '../../compose/location.ts';
import { decodePackage, encodePackage, nevra, type RpmPackage } from '../../compose/rpm-package.ts';
import { serveThread } from '../../concurrency/worker-thread.ts';

export interface KojiFilesTask {
  readonly root: string;
  /** An index of packages with `unread`. */
  readonly packages: string;
  /** Gets the files under their checksum; null where they stay where they are. */
  readonly brought: string | null;
  /** Index to write, of those that need no describing. */
  readonly found: string;
  /** The places of the others, one a line. */
  readonly list: string;
}

export interface AbsentFile {
  readonly nevra: string;
  readonly rpmId: number;
}

export type KojiFilesResult = { readonly failure: ComposeFailure } | { readonly absent: readonly AbsentFile[] };

const LEAD_BYTES = 96;
const INTRO_BYTES = 16;
const ENTRY_BYTES = 16;
const MAGIC = 0x8eade801;
const buffer = Buffer.allocUnsafe(1024 * 1024);

class Fault extends Error {}

await serveThread((task: KojiFilesTask): KojiFilesResult => {
  try {
    return examine(task);
  } catch (error) {
    if (error instanceof Fault) return { failure: failure('UPSTREAM_UNAVAILABLE', error.message) };
    throw error;
  }
});

function examine({ root, packages, brought, found, list }: KojiFilesTask): KojiFilesResult {
  const absent: AbsentFile[] = [];
  const known: string[] = [];
  const unknown: string[] = [];
  for (const line of readFileSync(packages, 'utf8').split('\n').filter(Boolean)) {
    const { unread, ...pkg } = decodePackage(line);
    if (!unread) throw new Error(`${nevra(pkg)} has been read already`);
    const place = unread.places.find(({ path }) => isFile(root, path));
    if (!place) {
      absent.push({ nevra: nevra(pkg), rpmId: unread.rpmId });
      continue;
    }
    const file = join(root, place.path);
    const { sizeBytes, checksum } = check(file, pkg, place.sizeBytes, unread.payloadHash);
    if (brought !== null) keep(file, join(brought, checksum));
    if (unread.knows === 'relations')
      known.push(`${encodePackage({ ...pkg, href: place.path, sizeBytes, checksumType: 'sha256', checksum })}\n`);
    else unknown.push(`${place.path}\n`);
  }
  writeFileSync(found, known.join(''));
  writeFileSync(list, unknown.join(''));
  return { absent };
}

/** Another arch may have it too. */
function keep(file: string, under: string): void {
  try {
    linkSync(file, under);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** What leads out of Koji's directory is not Koji's. */
function isFile(root: string, path: string): boolean {
  try {
    const real = realpathSync(join(root, path));
    // The target directory that files were downloaded to may be reached by a link itself.
    return isBelow(real, realpathSync(root)) && statSync(real).isFile();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw new Fault(`${path} cannot be read where Koji's files are (${code})`);
  }
}

/** All of it is read: a file that was cut off has a good header. */
function check(
  path: string,
  pkg: RpmPackage,
  expectedBytes: number | null,
  payloadHash: string | null,
): { readonly sizeBytes: number; readonly checksum: string } {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (expectedBytes !== null && size !== expectedBytes)
      throw new Fault(
        `${nevra(pkg)} has ${size} bytes where Koji tells ${expectedBytes}: the file is damaged, or another one`,
      );
    const whole = createHash('sha256');
    const signed = createHash('md5');
    const signedFrom = payloadHash === null ? size : headerStart(file, pkg);
    for (
      let at = 0, got = readSync(file, buffer, 0, buffer.length, 0);
      got > 0;
      at += got, got = readSync(file, buffer, 0, buffer.length, at)
    ) {
      whole.update(buffer.subarray(0, got));
      if (at + got > signedFrom) signed.update(buffer.subarray(Math.max(0, signedFrom - at), got));
    }
    if (payloadHash !== null && signed.digest('hex') !== payloadHash)
      throw new Fault(`${nevra(pkg)} does not have the checksum that Koji tells: the file is damaged, or another one`);
    return { sizeBytes: size, checksum: whole.digest('hex') };
  } finally {
    closeSync(file);
  }
}

/** Where the signature header ends and the package's own begins. */
function headerStart(file: number, pkg: RpmPackage): number {
  const intro = Buffer.alloc(INTRO_BYTES);
  if (readSync(file, intro, 0, INTRO_BYTES, LEAD_BYTES) < INTRO_BYTES || intro.readUInt32BE(0) !== MAGIC)
    throw new Fault(`The file of ${nevra(pkg)} is no RPM package`);
  const end = LEAD_BYTES + INTRO_BYTES + intro.readUInt32BE(8) * ENTRY_BYTES + intro.readUInt32BE(12);
  return Math.ceil(end / 8) * 8;
}
