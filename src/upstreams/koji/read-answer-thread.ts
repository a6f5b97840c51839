// The thread that reads a large answer of a hub and packs it for `read-answer.ts`.

import { serialize } from 'node:v8';
import { serveThread } from '../../concurrency/worker-thread.ts';
import { MalformedMessage, type XmlRpcMessage } from '../xml-rpc/reader.ts';
import { isStruct, type XmlRpcValue } from '../xml-rpc/value.ts';
import { readChunks, type PackedAnswer, type PackedPart } from './read-answer.ts';

const CHUNK_BYTES = 64 * 1024;
/** Values that are unpacked in two or three milliseconds: some 200 rows of Koji's tables. */
const MAX_PART_WEIGHT = 4_000;

await serveThread((bytes: Uint8Array): PackedAnswer => {
  try {
    return pack(readChunks(copies(bytes)));
  } catch (error) {
    if (error instanceof MalformedMessage) return { malformed: error.message };
    throw error;
  }
});

/** Copies, because TextDecoder does not accept shared memory. */
function* copies(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES)
    yield new Uint8Array(bytes.subarray(start, start + CHUNK_BYTES));
}

interface LongList {
  readonly items: readonly XmlRpcValue[];
  readonly path: PackedPart['path'];
}

function pack(message: XmlRpcMessage): PackedAnswer {
  const pieces: Buffer[] = [];
  const parts: PackedPart[] = [];
  /** A list comes after the one that it is in. */
  const lists: LongList[] = [];
  let at = 0;
  const rest = serialize(
    message.kind === 'response' ? { ...message, value: emptyLongLists(message.value, [], lists) } : message,
  );
  for (const { items, path } of lists) {
    for (const [start, end] of sliceByWeight(items)) {
      const part = items.slice(start, end).map((item, index) => emptyLongLists(item, [...path, start + index], lists));
      const piece = serialize(part);
      pieces.push(piece);
      parts.push({ path, start: at, end: (at += piece.length) });
    }
  }
  return { packed: inSharedMemory(pieces, at), parts, rest: inSharedMemory([rest], rest.length) };
}

/** The value with each long list emptied, whose items are added to `lists`. */
function emptyLongLists(value: XmlRpcValue, path: PackedPart['path'], lists: LongList[]): XmlRpcValue {
  if (weightOf(value) <= MAX_PART_WEIGHT) return value;
  if (isList(value)) {
    lists.push({ items: value, path });
    return [];
  }
  if (!isStruct(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, emptyLongLists(member, [...path, name], lists)]),
  );
}

function* sliceByWeight(items: readonly XmlRpcValue[]): Generator<readonly [start: number, end: number]> {
  const weights = items.map(weightOf);
  for (let start = 0, end = 0; start < items.length; start = end) {
    let weight = weights[end++] ?? 0;
    while (end < items.length && weight + (weights[end] ?? 0) <= MAX_PART_WEIGHT) weight += weights[end++] ?? 0;
    yield [start, end];
  }
}

function weightOf(value: XmlRpcValue): number {
  if (isList(value)) return value.reduce<number>((sum, item) => sum + weightOf(item), 1);
  if (isStruct(value)) return Object.values(value).reduce<number>((sum, item) => sum + weightOf(item), 1);
  // Copying a long text is cheap compared with making a value.
  return 1 + (typeof value === 'string' ? value.length / 1_000 : 0);
}

function isList(value: XmlRpcValue): value is readonly XmlRpcValue[] {
  return Array.isArray(value);
}

function inSharedMemory(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes));
  let at = 0;
  for (const piece of pieces) {
    shared.set(piece, at);
    at += piece.length;
  }
  return shared;
}
