// Which key made an OpenPGP signature, by its own word (RFC 4880, RFC 9580): nothing is verified here, as Pungi and Koji do
// not. The libraries that parse OpenPGP bring all of its cryptography along; this is the few bytes that are needed.

const SIGNATURE = 2;
const ISSUER = 16;
const ISSUER_FINGERPRINT = 33;
const KEY_ID_BYTES = 8;

/** 16 lower-case hexadecimal digits; null where the packet is no signature, or does not tell. */
export function openPgpKeyId(packet: Buffer): string | null {
  try {
    const body = signatureBody(packet);
    return body && issuerOf(body);
  } catch (error) {
    // Ends before it should.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function signatureBody(packet: Buffer): Buffer | null {
  const first = packet.readUInt8(0);
  if ((first & 0x80) === 0) return null;
  const isNew = (first & 0x40) !== 0;
  if ((isNew ? first & 0x3f : (first >> 2) & 0x0f) !== SIGNATURE) return null;
  return isNew ? withNewLength(packet) : withOldLength(packet, first & 0x03);
}

function withOldLength(packet: Buffer, kind: number): Buffer {
  // Of kind 3 there is no length: it goes to the end.
  if (kind === 3) return packet.subarray(1);
  const bytes = 1 << kind;
  return cut(packet, 1 + bytes, packet.readUIntBE(1, bytes));
}

/** Signatures may not come in parts, so the partial lengths of RFC 4880 are not read. */
function withNewLength(packet: Buffer): Buffer {
  const { start, length } = lengthAt(packet, 1, 223);
  return cut(packet, start, length);
}

function lengthAt(bytes: Buffer, at: number, lastOfTwo: number): { readonly start: number; readonly length: number } {
  const first = bytes.readUInt8(at);
  if (first < 192) return { start: at + 1, length: first };
  if (first <= lastOfTwo) return { start: at + 2, length: (first - 192) * 256 + bytes.readUInt8(at + 1) + 192 };
  if (first === 255) return { start: at + 5, length: bytes.readUInt32BE(at + 1) };
  throw new RangeError('a packet in parts');
}

function cut(bytes: Buffer, start: number, length: number): Buffer {
  if (start + length > bytes.length) throw new RangeError('ends before it should');
  return bytes.subarray(start, start + length);
}

function issuerOf(body: Buffer): string | null {
  const version = body.readUInt8(0);
  if (version === 3) return hex(cut(body, 7, KEY_ID_BYTES));
  if (version < 4 || version > 6) return null;
  const countBytes = version === 6 ? 4 : 2;
  const hashed = cut(body, 4 + countBytes, body.readUIntBE(4, countBytes));
  const next = 4 + countBytes + hashed.length;
  const unhashed = cut(body, next + countBytes, body.readUIntBE(next, countBytes));
  // What is hashed was signed along, and comes first.
  return issuerAmong(hashed) ?? issuerAmong(unhashed);
}

function issuerAmong(subpackets: Buffer): string | null {
  for (let at = 0; at < subpackets.length;) {
    const { start, length } = lengthAt(subpackets, at, 254);
    const subpacket = cut(subpackets, start, length);
    at = start + length;
    if (length === 0) continue;
    const type = subpacket.readUInt8(0) & 0x7f;
    if (type === ISSUER && length === 1 + KEY_ID_BYTES) return hex(subpacket.subarray(1));
    if (type === ISSUER_FINGERPRINT && length > 2 + KEY_ID_BYTES)
      return keyIdOf(subpacket.readUInt8(1), subpacket.subarray(2));
  }
  return null;
}

/** A fingerprint's last bytes up to version 4, its first from then on. */
function keyIdOf(version: number, fingerprint: Buffer): string {
  return hex(version <= 4 ? fingerprint.subarray(-KEY_ID_BYTES) : fingerprint.subarray(0, KEY_ID_BYTES));
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex');
}
