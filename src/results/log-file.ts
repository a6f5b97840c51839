// Writes and reads the file of one log. Appending never waits: text is collected in memory up to a limit, and written in the
// background. Reading returns whole lines by byte offset, even while another process writes the log.

import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { LogChunk, Logger } from '../app/ports.ts';
import { unlessAbsent } from './storage-failure.ts';
import type { LogText } from './log-text.ts';

const MAX_CHUNK_BYTES = 65_536;
/** Text in memory when the disk is slower than the engine. More text is dropped, and the log says so. */
const MAX_PENDING_LENGTH = 4 * 1024 * 1024;
const DROPPED_NOTE = '[… output was dropped here: the engine wrote faster than the disk]\n';

export interface LogWriter {
  append(text: string): void;
  /** Ends the log. Settles when all text is on disk, a last line without a line end included. */
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
        // Opened once, and never created: the target directory can be replaced by another file system or another database's
        // directory, which must not be written to.
        file ??= await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
        await file.writeFile(batch);
      }
    } catch (error) {
      // The log alone must not fail the compose. A problem of the target directory fails it elsewhere.
      pending = '';
      logger.warn({ err: error, path }, 'Cannot write the log of an attempt');
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

/** See `Results.readLog`. */
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
  // The client's offset can be in the middle of a character; skip its rest.
  let start = 0;
  while (start < bytes.length && start < 3 && isContinuation(bytes[start])) start++;
  const lineEnd = bytes.lastIndexOf(0x0a) + 1;
  const isPartOfLine = bytes.length === MAX_CHUNK_BYTES && lineEnd <= start;
  const end = isLast || isPartOfLine ? characterEnd(bytes) : Math.max(lineEnd, start);
  if (end <= start) return { text: '', nextOffset: offset };
  return { text: bytes.toString('utf8', start, end), nextOffset: offset + end };
}

/** The end of the last complete UTF-8 character. */
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
