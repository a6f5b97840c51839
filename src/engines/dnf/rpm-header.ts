// Reads what repository metadata lacks from the headers of an RPM file: ExcludeArch and ExclusiveArch of a source package, and
// the signatures. Reads only the entries that it needs, within rpm's own limits.

import { closeSync, openSync, readSync } from 'node:fs';
import type { ArchConstraints } from './select-packages.ts';

const LEAD_BYTES = 96;
const INTRO_BYTES = 16;
const ENTRY_BYTES = 16;
const MAGIC = 0x8eade801;
const EXCLUDEARCH = 1059;
const EXCLUSIVEARCH = 1061;
/** Signatures of the header (DSA, RSA), and of header and payload (PGP, GPG). */
const SIGNATURES = [267, 268, 1005, 1002];
/** RPM 6: a list of signatures in base64. */
const OPENPGP = 278;
const BINARY = 7;
const STRING_ARRAY = 8;
const MAX_ENTRIES = 0xffff;
const MAX_DATA = 256 * 1024 * 1024;
const MAX_STRINGS_BYTES = 4_096;
/** A signature with a post-quantum key takes 5 KB. */
const MAX_SIGNATURE_BYTES = 64 * 1024;
/** One read gets the signature header of most packages. */
const FIRST_BYTES = 8_192;

type Read = (at: number, length: number) => Buffer;

interface Header {
  readonly end: number;
  /** At most `maxBytes` of the entry with this tag and type; null when there is none. */
  entry(tag: number, type: number, maxBytes: number): { readonly bytes: Buffer; readonly count: number } | null;
}

/** Throws when the file is no RPM package. */
export function readArchConstraints(path: string): ArchConstraints {
  const file = openSync(path, 'r');
  try {
    const read: Read = (at, length) => readAt(file, at, length);
    const header = readHeader(read, Math.ceil(readHeader(read, LEAD_BYTES).end / 8) * 8);
    const list = (tag: number) => strings(header.entry(tag, STRING_ARRAY, MAX_STRINGS_BYTES));
    return { excludeArch: list(EXCLUDEARCH), exclusiveArch: list(EXCLUSIVEARCH) };
  } finally {
    closeSync(file);
  }
}

/** The OpenPGP signatures of an open file; none is verified. Throws when the file is no RPM package. */
export function readSignatures(file: number): readonly Buffer[] {
  const first = Buffer.allocUnsafe(FIRST_BYTES);
  const available = readSync(file, first, 0, FIRST_BYTES, 0);
  const header = readHeader(
    (at, length) => (at + length <= available ? first.subarray(at, at + length) : readAt(file, at, length)),
    LEAD_BYTES,
  );
  const binary = SIGNATURES.flatMap((tag) => {
    const entry = header.entry(tag, BINARY, MAX_SIGNATURE_BYTES);
    return entry ? [entry.bytes.subarray(0, entry.count)] : [];
  });
  return [
    ...binary,
    ...strings(header.entry(OPENPGP, STRING_ARRAY, MAX_SIGNATURE_BYTES)).map((text) => Buffer.from(text, 'base64')),
  ];
}

function strings(entry: ReturnType<Header['entry']>): string[] {
  return entry ? entry.bytes.toString('latin1').split('\0').slice(0, entry.count) : [];
}

function readHeader(read: Read, at: number): Header {
  const intro = read(at, INTRO_BYTES);
  if (intro.readUInt32BE(0) !== MAGIC) throw new Error('not an RPM package');
  const entries = intro.readUInt32BE(8);
  const dataBytes = intro.readUInt32BE(12);
  if (entries > MAX_ENTRIES || dataBytes > MAX_DATA) throw new Error('not an RPM package: its header is out of bounds');
  const index = read(at + INTRO_BYTES, entries * ENTRY_BYTES);
  const dataStart = at + INTRO_BYTES + index.length;
  return {
    end: dataStart + dataBytes,
    entry(tag, type, maxBytes) {
      for (let entry = 0; entry < index.length; entry += ENTRY_BYTES) {
        if (index.readUInt32BE(entry) !== tag || index.readUInt32BE(entry + 4) !== type) continue;
        const offset = index.readUInt32BE(entry + 8);
        const count = index.readUInt32BE(entry + 12);
        if (offset >= dataBytes) throw new Error('not an RPM package: an entry points out of its header');
        const length = type === BINARY ? count : dataBytes - offset;
        return { bytes: read(dataStart + offset, Math.min(length, dataBytes - offset, maxBytes)), count };
      }
      return null;
    },
  };
}

function readAt(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let read = 0;
  while (read < length) {
    const got = readSync(file, bytes, read, length - read, at + read);
    if (got === 0) throw new Error('not an RPM package: it is truncated');
    read += got;
  }
  return bytes;
}
