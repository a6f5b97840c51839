// Unpacks metadata files: gzip, zstd, xz, bzip2 or plain, by their first bytes. The output is bounded, so that a
// decompression bomb does not fill the memory. Runs in a worker thread.

import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import Bunzip from 'seek-bzip';
import xz from 'xz-decompress';

export const MAX_OPEN_BYTES = 4 * 1024 ** 3;
const CHUNK_BYTES = 256 * 1024;

export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

/** The content of `packed` in chunks. Throws if it is damaged, and `TooLarge` if it is longer than `maxBytes`. */
export async function* decompress(packed: Buffer, maxBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of unpack(packed, maxBytes)) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new TooLarge(`unpacks to more than ${maxBytes} bytes`);
    yield chunk;
  }
}

function unpack(packed: Buffer, maxBytes: number): AsyncIterable<Buffer> | Iterable<Buffer> {
  if (startsWith(packed, [0x1f, 0x8b])) return pipe(packed, createGunzip({ chunkSize: CHUNK_BYTES }));
  if (startsWith(packed, [0x28, 0xb5, 0x2f, 0xfd]))
    return pipe(packed, createZstdDecompress({ chunkSize: CHUNK_BYTES }));
  if (startsWith(packed, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])) return unxz(packed);
  if (startsWith(packed, [0x42, 0x5a, 0x68])) return bunzip(packed, maxBytes);
  return [packed];
}

function startsWith(packed: Buffer, magic: readonly number[]): boolean {
  return magic.every((byte, index) => packed[index] === byte);
}

async function* pipe(packed: Buffer, decompressor: NodeJS.ReadWriteStream): AsyncGenerator<Buffer> {
  decompressor.end(packed);
  yield* decompressor as unknown as AsyncIterable<Buffer>;
}

async function* unxz(packed: Buffer): AsyncGenerator<Buffer> {
  const source = Readable.toWeb(Readable.from([packed], { objectMode: false })) as ReadableStream<Uint8Array>;
  for await (const chunk of new xz.XzReadableStream(source) as unknown as AsyncIterable<Uint8Array>)
    yield Buffer.from(chunk);
}

/** Collected, because the library calls back synchronously; repositories that use bzip2 are rare and small. */
function bunzip(packed: Buffer, maxBytes: number): Buffer[] {
  const chunks: Buffer[] = [];
  let chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let used = 0;
  let total = 0;
  Bunzip.decode(
    packed,
    {
      writeByte(byte: number) {
        if (++total > maxBytes) throw new TooLarge(`unpacks to more than ${maxBytes} bytes`);
        chunk[used++] = byte;
        if (used < CHUNK_BYTES) return;
        chunks.push(chunk);
        chunk = Buffer.allocUnsafe(CHUNK_BYTES);
        used = 0;
      },
    },
    true,
  );
  return [...chunks, chunk.subarray(0, used)];
}
