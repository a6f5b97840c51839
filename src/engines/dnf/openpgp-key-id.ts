// Reads the key id in an OpenPGP signature packet (RFC 4880, RFC 9580). It does not verify the signature, and neither do Pungi
// and Koji. OpenPGP libraries include all of the cryptography; these few bytes need none of it.

const SIGNATURE = 2;
const ISSUER = 16;
const ISSUER_FINGERPRINT = 33;
const KEY_ID_BYTES = 8;

/** 16 lower-case hexadecimal digits; null when the packet is no signature or does not name its key. */
export function openPgpKeyId(packet: Buffer): string | null {
  try {
    const body = signatureBody(packet);
    return body && issuerOf(body);
  } catch (error) {
    // The packet is truncated.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function signatureBody(packet: Buffer): Buffer | null {
  const first = packet.readUInt8(0);
  if ((first & 0x80) === 0) return null;
  const isNewFormat = (first & 0x40) !== 0;
  if ((isNewFormat ? first & 0x3f : (first >> 2) & 0x0f) !== SIGNATURE) return null;
  return isNewFormat ? newFormatBody(packet) : oldFormatBody(packet, first & 0x03);
}

function oldFormatBody(packet: Buffer, lengthType: number): Buffer {
  // Type 3 has no length: the body goes to the end.
  if (lengthType === 3) return packet.subarray(1);
  const bytes = 1 << lengthType;
  return cut(packet, 1 + bytes, packet.readUIntBE(1, bytes));
}

/** RFC 4880 allows partial lengths for data packets only. */
function newFormatBody(packet: Buffer): Buffer {
  const { start, length } = lengthAt(packet, 1, 223);
  return cut(packet, start, length);
}

function lengthAt(
  bytes: Buffer,
  at: number,
  lastTwoByteLength: number,
): { readonly start: number; readonly length: number } {
  const first = bytes.readUInt8(at);
  if (first < 192) return { start: at + 1, length: first };
  if (first <= lastTwoByteLength) return { start: at + 2, length: (first - 192) * 256 + bytes.readUInt8(at + 1) + 192 };
  if (first === 255) return { start: at + 5, length: bytes.readUInt32BE(at + 1) };
  throw new RangeError('partial length');
}

function cut(bytes: Buffer, start: number, length: number): Buffer {
  if (start + length > bytes.length) throw new RangeError('truncated');
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
  // The signature covers the hashed subpackets, so that they take precedence.
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

/** The last bytes of the fingerprint up to version 4, the first bytes in later versions. */
function keyIdOf(version: number, fingerprint: Buffer): string {
  return hex(version <= 4 ? fingerprint.subarray(-KEY_ID_BYTES) : fingerprint.subarray(0, KEY_ID_BYTES));
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex');
}
