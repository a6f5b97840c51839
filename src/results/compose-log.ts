// The logs of attempts, `.logs/<id>/<n>.log`. Appending never waits: text is collected in memory, up to a bound, and
// written behind, one write at a time per log. Reading hands out whole lines by byte offset, also of a log that another
// process writes.

import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { Logger } from '../app/ports.ts';
import { unlessAbsent } from './storage-failure.ts';
import type { LogText } from './log-text.ts';

export const MAX_CHUNK_BYTES = 65_536;
/** Held in memory for a disk that is slower than the engine; what exceeds it is dropped, and the log says so. */
const MAX_PENDING_LENGTH = 4 * 1024 * 1024;
const DROPPED_NOTE = '[… output was dropped here: it came faster than it could be written]\n';

export interface LogWriter {
  append(text: string): void;
  /** The end: waits until what was appended is on disk, a last line without an end included. */
  flush(): Promise<void>;
}

export function logWriter(path: string, text: LogText, logger: Logger): LogWriter {
  let pending = '';
  let writing: Promise<void> | null = null;
  let file: FileHandle | null = null;

  function add(stored: string): void {
    if (pending.length + stored.length <= MAX_PENDING_LENGTH) pending += stored;
    else if (!pending.endsWith(DROPPED_NOTE)) pending += DROPPED_NOTE;
    if (pending !== '') writing ??= write();
  }
  async function write(): Promise<void> {
    try {
      while (pending !== '') {
        const batch = pending;
        pending = '';
        // Once, and neither it nor its directory is made here: where another file system or another database's directory
        // takes the place of the one that the attempt began in, nothing is written to it.
        file ??= await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
        await file.writeFile(batch);
      }
    } catch (error) {
      // A log that cannot be written must not fail the compose; the target's check will.
      pending = '';
      logger.warn({ err: error, path }, 'cannot write a compose log');
    } finally {
      writing = null;
    }
  }
  return {
    append: (chunk) => add(text.push(chunk)),
    flush: async () => {
      add(text.end());
      while (writing) await writing;
      await file?.close();
      file = null;
    },
  };
}

export interface LogChunk {
  readonly text: string;
  readonly nextOffset: number;
}

/** Whole lines from byte `offset`; with `upToEnd` also a last line that has no end, for a log that nobody writes any more. */
export async function readLogChunk(path: string, offset: number, upToEnd: boolean): Promise<LogChunk> {
  const file = await unlessAbsent(open(path, constants.O_RDONLY | constants.O_NOFOLLOW), null);
  if (!file) return { text: '', nextOffset: offset };
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_CHUNK_BYTES), 0, MAX_CHUNK_BYTES, offset);
    return cutChunk(buffer.subarray(0, bytesRead), offset, upToEnd && bytesRead < MAX_CHUNK_BYTES);
  } finally {
    await file.close();
  }
}

function cutChunk(bytes: Buffer, offset: number, isLast: boolean): LogChunk {
  // An offset that a client made up may point into a character: its rest is skipped.
  let start = 0;
  while (start < bytes.length && start < 3 && isContinuation(bytes[start])) start++;
  const lineEnd = bytes.lastIndexOf(0x0a) + 1;
  const isEndless = bytes.length === MAX_CHUNK_BYTES && lineEnd <= start;
  const end = isLast || isEndless ? characterEnd(bytes) : Math.max(lineEnd, start);
  if (end <= start) return { text: '', nextOffset: offset };
  return { text: bytes.toString('utf8', start, end), nextOffset: offset + end };
}

/** Where the last whole character ends. */
function characterEnd(bytes: Buffer): number {
  let start = bytes.length;
  while (start > 0 && bytes.length - start < 4 && isContinuation(bytes[start - 1])) start--;
  const lead = bytes[start - 1];
  if (lead === undefined || lead < 0xc0) return bytes.length;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  return start - 1 + length > bytes.length ? start - 1 : bytes.length;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
