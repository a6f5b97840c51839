// A place in the event stream as clients hold it: opaque, and good for the database that it came from only.

export interface EventCursors {
  encode(position: bigint): string;
  /** Null for what is no cursor, or one of another database. */
  decode(cursor: string): bigint | null;
}

const LARGEST_POSITION = 2n ** 63n - 1n;

/** `instance` is the uuid of the database. */
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
