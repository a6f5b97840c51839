// The thread that reads a hub's large answer and packs it, long lists in pieces.

import { serialize } from 'node:v8';
import { serveThread } from '../../concurrency/worker-thread.ts';
import { readChunks, type PackedAnswer, type PackedPart } from './read-answer.ts';
import { MalformedMessage, type XmlRpcMessage } from '../xml-rpc/reader.ts';
import { XmlRpcDateTime, type XmlRpcStruct, type XmlRpcValue } from '../xml-rpc/value.ts';

const CHUNK_BYTES = 64 * 1024;
/** Values that are unpacked in two or three milliseconds: some 200 rows as Koji's tables have them. */
const UNPACKED_AT_ONCE = 4_000;

await serveThread((bytes: Uint8Array): PackedAnswer => {
  try {
    return pack(readChunks(copies(bytes)));
  } catch (error) {
    if (error instanceof MalformedMessage) return { malformed: error.message };
    throw error;
  }
});

/** A decoder takes no shared memory. */
function* copies(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES)
    yield new Uint8Array(bytes.subarray(start, start + CHUNK_BYTES));
}

function pack(message: XmlRpcMessage): PackedAnswer {
  const pieces: Buffer[] = [];
  const parts: PackedPart[] = [];
  /** Lists that were put aside, each after the one that it is in. */
  const lists: { readonly items: readonly XmlRpcValue[]; readonly path: PackedPart['path'] }[] = [];
  let at = 0;
  /** What stands in the place of a value: a long list is empty there. */
  function standIn(value: XmlRpcValue, path: PackedPart['path']): XmlRpcValue {
    if (weightOf(value) <= UNPACKED_AT_ONCE) return value;
    if (isList(value)) {
      lists.push({ items: value, path });
      return [];
    }
    return isStruct(value)
      ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, standIn(member, [...path, name])]))
      : value;
  }
  function add(path: PackedPart['path'], items: readonly XmlRpcValue[]): void {
    const piece = serialize(items);
    pieces.push(piece);
    parts.push({ path, start: at, end: (at += piece.length) });
  }
  const rest = serialize(message.kind === 'response' ? { ...message, value: standIn(message.value, []) } : message);
  for (const { items, path } of lists) {
    const weights = items.map(weightOf);
    for (let start = 0, end = 0; start < items.length; start = end) {
      let weight = weights[end++] ?? 0;
      while (end < items.length && weight + (weights[end] ?? 0) <= UNPACKED_AT_ONCE) weight += weights[end++] ?? 0;
      const first = start;
      add(
        path,
        items.slice(start, end).map((item, index) => standIn(item, [...path, first + index])),
      );
    }
  }
  return { packed: inSharedMemory(pieces, at), parts, rest: inSharedMemory([rest], rest.length) };
}

function weightOf(value: XmlRpcValue): number {
  if (isList(value)) return value.reduce<number>((sum, item) => sum + weightOf(item), 1);
  if (isStruct(value)) return Object.values(value).reduce<number>((sum, item) => sum + weightOf(item), 1);
  // What is long is copied, which takes little beside what it takes to make a value.
  return 1 + (typeof value === 'string' ? value.length / 1_000 : 0);
}

function isList(value: XmlRpcValue): value is readonly XmlRpcValue[] {
  return Array.isArray(value);
}

function isStruct(value: XmlRpcValue): value is XmlRpcStruct {
  return (
    typeof value === 'object' &&
    value !== null &&
    !isList(value) &&
    !(value instanceof XmlRpcDateTime) &&
    !(value instanceof Uint8Array)
  );
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
