// Event cursors: positions of the event stream as clients see them. They are opaque, and bound to one database, so that a
// cursor of another database is recognised.

export interface EventCursors {
  encode(position: bigint): string;
  /** Null for text that is not a cursor, or a cursor of another database. */
  decode(cursor: string): bigint | null;
}

const LARGEST_POSITION = 2n ** 63n - 1n;

/** `instance` is the UUID of the database. */
export function eventCursors(instance: string): EventCursors {
  const prefix = Buffer.from(instance.replaceAll('-', ''), 'hex');
  return {
    encode(position) {
      const bytes = Buffer.alloc(24);
      prefix.copy(bytes);
      bytes.writeBigUInt64BE(position, 16);
      return bytes.toString('base64url');
    },
    decode(cursor) {
      const bytes = Buffer.from(cursor, 'base64url');
      if (bytes.length !== 24 || bytes.toString('base64url') !== cursor || !bytes.subarray(0, 16).equals(prefix))
        return null;
      const position = bytes.readBigUInt64BE(16);
      return position <= LARGEST_POSITION ? position : null;
    },
  };
}
