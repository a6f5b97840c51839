// The two tags of a source package's header that no repository metadata tells: which arches its noarch packages are for.

import { closeSync, openSync, readSync } from 'node:fs';
import type { ArchConstraints } from './select-packages.ts';

const LEAD_BYTES = 96;
const INTRO_BYTES = 16;
const ENTRY_BYTES = 16;
const MAGIC = 0x8eade801;
const EXCLUDEARCH = 1059;
const EXCLUSIVEARCH = 1061;
const STRING_ARRAY = 8;
/** rpm's own bounds. */
const MAX_ENTRIES = 0xffff;
const MAX_DATA = 256 * 1024 * 1024;

/** Throws where the file is no RPM package. */
export function readArchConstraints(path: string): ArchConstraints {
  const file = openSync(path, 'r');
  try {
    const signature = intro(file, LEAD_BYTES);
    const signatureEnd = LEAD_BYTES + INTRO_BYTES + signature.entries * ENTRY_BYTES + signature.dataBytes;
    const start = Math.ceil(signatureEnd / 8) * 8;
    const { entries, dataBytes } = intro(file, start);
    const index = readAt(file, start + INTRO_BYTES, entries * ENTRY_BYTES);
    const dataStart = start + INTRO_BYTES + index.length;
    const strings = (tag: number): string[] => {
      for (let at = 0; at < index.length; at += ENTRY_BYTES) {
        if (index.readUInt32BE(at) !== tag || index.readUInt32BE(at + 4) !== STRING_ARRAY) continue;
        const offset = index.readUInt32BE(at + 8);
        if (offset >= dataBytes) throw new Error(`${path}: a header entry points out of the header`);
        return readAt(file, dataStart + offset, Math.min(dataBytes - offset, 4_096)).toString('latin1').split('\0').slice(0, index.readUInt32BE(at + 12));
      }
      return [];
    };
    return { excludeArch: strings(EXCLUDEARCH), exclusiveArch: strings(EXCLUSIVEARCH) };
  } finally {
    closeSync(file);
  }
}

function intro(file: number, at: number): { readonly entries: number; readonly dataBytes: number } {
  const bytes = readAt(file, at, INTRO_BYTES);
  if (bytes.readUInt32BE(0) !== MAGIC) throw new Error('not an RPM package');
  const entries = bytes.readUInt32BE(8);
  const dataBytes = bytes.readUInt32BE(12);
  if (entries > MAX_ENTRIES || dataBytes > MAX_DATA) throw new Error('not an RPM package: its header is out of bounds');
  return { entries, dataBytes };
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
