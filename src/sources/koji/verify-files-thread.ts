// The thread that finds the files of Koji's packages and verifies them against the hub: the size of an unsigned copy, and
// the MD5 of header and payload, which signing does not change. It also lists the files that createrepo_c must describe.

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
import { failure } from '../../compose/failure.ts';
import { isBelow } from '../../compose/location.ts';
import { decodePackage, encodePackage, nevra, type RpmPackage } from '../../compose/rpm-package.ts';
import { serveThread } from '../../concurrency/worker-thread.ts';
import type { Answer } from '../../upstreams/answer.ts';

export interface VerifyFilesTask {
  readonly root: string;
  /** An index of packages with `unread`. */
  readonly packages: string;
  /** Gets links to the files, named by their checksums; null for none. */
  readonly linkTo: string | null;
  /** Index to write: packages whose relations are known. */
  readonly found: string;
  /** List to write: paths of the other packages, one a line. */
  readonly list: string;
}

export interface AbsentFile {
  readonly nevra: string;
  readonly rpmId: number;
}

/** The packages that have no file. */
export type VerifyFilesResult = Answer<readonly AbsentFile[]>;

// The parts of an RPM file: lead, signature header, header, payload.
const LEAD_BYTES = 96;
const INTRO_BYTES = 16;
const ENTRY_BYTES = 16;
const HEADER_MAGIC = 0x8eade801;
const buffer = Buffer.allocUnsafe(1024 * 1024);

/** Ends the task with UPSTREAM_UNAVAILABLE. */
class UnusableFile extends Error {}

await serveThread((task: VerifyFilesTask): VerifyFilesResult => {
  try {
    return { value: verifyAll(task) };
  } catch (error) {
    if (!(error instanceof UnusableFile)) throw error;
    return {
      failure: failure('UPSTREAM_UNAVAILABLE', `${error.message}. Ask the operators of Koji to check the file.`),
    };
  }
});

function verifyAll({ root, packages, linkTo, found, list }: VerifyFilesTask): readonly AbsentFile[] {
  const absent: AbsentFile[] = [];
  const known: string[] = [];
  const unknown: string[] = [];
  for (const line of readFileSync(packages, 'utf8').split('\n').filter(Boolean)) {
    const { unread, ...pkg } = decodePackage(line);
    if (!unread) throw new Error(`${nevra(pkg)} has been read already`);
    const place = unread.candidates.find(({ path }) => isFile(root, path));
    if (!place) {
      absent.push({ nevra: nevra(pkg), rpmId: unread.rpmId });
      continue;
    }
    const file = join(root, place.path);
    const { sizeBytes, checksum } = verify(file, pkg, place.sizeBytes, unread.payloadHash);
    if (linkTo !== null) link(file, join(linkTo, checksum));
    if (unread.known === 'relations')
      known.push(`${encodePackage({ ...pkg, href: place.path, sizeBytes, checksumType: 'sha256', checksum })}\n`);
    else unknown.push(`${place.path}\n`);
  }
  writeFileSync(found, known.join(''));
  writeFileSync(list, unknown.join(''));
  return absent;
}

/** The link exists if another arch has the same package. */
function link(file: string, to: string): void {
  try {
    linkSync(file, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** A link that leads out of the root does not count. */
function isFile(root: string, path: string): boolean {
  try {
    const real = realpathSync(join(root, path));
    // The root may be behind a link itself.
    return isBelow(real, realpathSync(root)) && statSync(real).isFile();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw new UnusableFile(`Koji's file ${path} cannot be read (${code})`, { cause: error });
  }
}

/** Reads the whole file, because a truncated file has an intact header. */
function verify(
  path: string,
  pkg: RpmPackage,
  expectedBytes: number | null,
  payloadHash: string | null,
): { readonly sizeBytes: number; readonly checksum: string } {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (expectedBytes !== null && size !== expectedBytes)
      throw new UnusableFile(
        `Koji's file of ${nevra(pkg)} has ${size} bytes, and ${expectedBytes} by the hub: it is damaged, or another file`,
      );
    const whole = createHash('sha256');
    const payload = createHash('md5');
    const payloadStart = payloadHash === null ? size : headerStart(file, pkg);
    for (
      let at = 0, got = readSync(file, buffer, 0, buffer.length, 0);
      got > 0;
      at += got, got = readSync(file, buffer, 0, buffer.length, at)
    ) {
      whole.update(buffer.subarray(0, got));
      if (at + got > payloadStart) payload.update(buffer.subarray(Math.max(0, payloadStart - at), got));
    }
    if (payloadHash !== null && payload.digest('hex') !== payloadHash)
      throw new UnusableFile(
        `Koji's file of ${nevra(pkg)} does not have the checksum of the hub: it is damaged, or another file`,
      );
    return { sizeBytes: size, checksum: whole.digest('hex') };
  } finally {
    closeSync(file);
  }
}

/** Offset of the package's header, after the signature header. */
function headerStart(file: number, pkg: RpmPackage): number {
  const intro = Buffer.alloc(INTRO_BYTES);
  if (readSync(file, intro, 0, INTRO_BYTES, LEAD_BYTES) < INTRO_BYTES || intro.readUInt32BE(0) !== HEADER_MAGIC)
    throw new UnusableFile(`Koji's file of ${nevra(pkg)} is not an RPM package`);
  const end = LEAD_BYTES + INTRO_BYTES + intro.readUInt32BE(8) * ENTRY_BYTES + intro.readUInt32BE(12);
  return Math.ceil(end / 8) * 8;
}
