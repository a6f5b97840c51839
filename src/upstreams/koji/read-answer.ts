// Reads a hub's answer without blocking the event loop. A thread reads a large answer and packs long lists into parts; each
// part is unpacked here in a slice. The packed bytes are in shared memory, so that no message copies them.

import { deserialize } from 'node:v8';
import { runInSlices } from '../../concurrency/slices.ts';
import { runInThread, threadModule } from '../../concurrency/worker-thread.ts';
import { MalformedMessage, XmlRpcReader, type XmlRpcMessage } from '../xml-rpc/reader.ts';
import type { XmlRpcValue } from '../xml-rpc/value.ts';

/** Read in a few milliseconds. */
const MAX_INLINE_BYTES = 256 * 1024;

/** Some items of a list: the path of the list in the answer, and the items' place in the packed bytes. */
export interface PackedPart {
  readonly path: readonly (number | string)[];
  readonly start: number;
  readonly end: number;
}

export type PackedAnswer =
  | { readonly malformed: string }
  | {
      readonly packed: Uint8Array;
      readonly parts: readonly PackedPart[];
      /** The message with its long lists emptied. */
      readonly rest: Uint8Array;
    };

/** Throws `MalformedMessage`; rejects after an abort. A dateTime that comes from the thread has its text, but no class. */
export async function readAnswer(chunks: readonly Uint8Array[], signal: AbortSignal): Promise<XmlRpcMessage> {
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
  if (bytes <= MAX_INLINE_BYTES) return readChunks(chunks);
  const input = await runInSlices(copyToSharedMemory(chunks, bytes), signal);
  const answer = await runInThread<PackedAnswer>({
    module: threadModule(import.meta.url, 'read-answer-thread'),
    input,
    signal,
  });
  if ('malformed' in answer) throw new MalformedMessage(answer.malformed);
  return await runInSlices(unpack(answer), signal);
}

export function readChunks(chunks: Iterable<Uint8Array>): XmlRpcMessage {
  const reader = new XmlRpcReader();
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for (const chunk of chunks) reader.write(decoder.decode(chunk, { stream: true }));
    reader.write(decoder.decode());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      throw new MalformedMessage('is not UTF-8', { cause: error });
    throw error;
  }
  return reader.end();
}

function* copyToSharedMemory(chunks: readonly Uint8Array[], bytes: number): Generator<void, Uint8Array, void> {
  const all = new Uint8Array(new SharedArrayBuffer(bytes));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
    yield;
  }
  return all;
}

function* unpack({
  packed,
  parts,
  rest,
}: Exclude<PackedAnswer, { malformed: string }>): Generator<void, XmlRpcMessage, void> {
  const message = deserialize(Buffer.from(rest)) as XmlRpcMessage;
  const value = message.kind === 'response' ? message.value : null;
  for (const { path, start, end } of parts) {
    yield;
    const list = path.reduce<XmlRpcValue>(
      (holder, key) => (holder as Readonly<Record<number | string, XmlRpcValue>>)[key] ?? null,
      value,
    );
    for (const item of deserialize(Buffer.from(packed.slice(start, end))) as XmlRpcValue[])
      (list as XmlRpcValue[]).push(item);
  }
  return message;
}
