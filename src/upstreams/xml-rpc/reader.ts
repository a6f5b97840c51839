// Reads XML-RPC messages piece by piece, as they arrive: strict XML, no entities but XML's own, every scalar checked, depth
// bounded. A message that is not exactly what the format says is a `MalformedMessage`, never a guess.

import { SaxesParser } from 'saxes';
import { readFault, XmlRpcDateTime, type XmlRpcFault, type XmlRpcValue } from './value.ts';

export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

export type XmlRpcMessage =
  | { readonly kind: 'call'; readonly method: string; readonly params: readonly XmlRpcValue[] }
  | { readonly kind: 'response'; readonly value: XmlRpcValue }
  | { readonly kind: 'fault'; readonly fault: XmlRpcFault };

const MAX_DEPTH = 200;
const CHILDREN: Readonly<Record<string, readonly string[]>> = {
  '': ['methodCall', 'methodResponse'],
  methodCall: ['methodName', 'params'],
  methodResponse: ['params', 'fault'],
  params: ['param'],
  param: ['value'],
  fault: ['value'],
  value: [
    'nil',
    'boolean',
    'int',
    'i1',
    'i2',
    'i4',
    'i8',
    'biginteger',
    'double',
    'string',
    'base64',
    'dateTime.iso8601',
    'array',
    'struct',
    'ex:nil',
    'ex:i8',
  ],
  array: ['data'],
  data: ['value'],
  struct: ['member'],
  member: ['name', 'value'],
};

interface Frame {
  readonly tag: string;
  /** Values that ended within it. */
  readonly values: XmlRpcValue[];
  readonly members: [string, XmlRpcValue][];
  memberName: string | null;
}

export class XmlRpcReader {
  readonly #parser = new SaxesParser({ position: false });
  readonly #stack: Frame[] = [frame('')];
  #text = '';
  #method: string | null = null;
  #message: XmlRpcMessage | null = null;

  constructor() {
    const keep = (text: string) => void (this.#text += text);
    this.#parser.on('error', (error) => {
      throw new MalformedMessage(`is not well-formed XML (${error.message})`);
    });
    this.#parser.on('opentag', ({ name }) => this.#open(name));
    this.#parser.on('closetag', () => this.#close());
    this.#parser.on('text', keep);
    this.#parser.on('cdata', keep);
  }

  /** Throws `MalformedMessage`. */
  write(chunk: string): void {
    this.#parser.write(chunk);
  }

  /** The message; throws `MalformedMessage` where it is not whole. */
  end(): XmlRpcMessage {
    this.#parser.close();
    if (!this.#message) throw new MalformedMessage('holds no XML-RPC message');
    return this.#message;
  }

  #open(tag: string): void {
    const parent = this.#top();
    if (!CHILDREN[parent.tag]?.includes(tag))
      throw new MalformedMessage(
        `has a <${tag.slice(0, 40)}> ${parent.tag === '' ? 'at the top' : `in a <${parent.tag}>`}`,
      );
    if (parent.tag === 'value' && parent.values.length > 0) throw new MalformedMessage('has a <value> of two values');
    if (this.#text.trim() !== '') throw new MalformedMessage(`has text in a <${parent.tag}>`);
    if (this.#stack.length > MAX_DEPTH) throw new MalformedMessage('is nested too deeply');
    if (parent.tag === 'member') checkMember(parent, tag);
    this.#stack.push(frame(tag));
    this.#text = '';
  }

  #close(): void {
    const ended = this.#stack.pop();
    if (!ended) throw new MalformedMessage('ends twice');
    const parent = this.#top();
    const text = this.#text;
    this.#text = '';
    const isText = CHILDREN[ended.tag] === undefined || (ended.tag === 'value' && ended.values.length === 0);
    if (!isText && text.trim() !== '') throw new MalformedMessage(`has text in a <${ended.tag}>`);
    switch (ended.tag) {
      case 'value':
        // A value of text alone is a string.
        parent.values.push(ended.values.length > 0 ? (ended.values[0] ?? null) : text);
        return;
      case 'name':
        parent.memberName = text;
        return;
      case 'member':
        if (ended.memberName === null || ended.values.length !== 1)
          throw new MalformedMessage('has a <member> without name or value');
        parent.members.push([ended.memberName, ended.values[0] ?? null]);
        return;
      case 'methodName':
        this.#method = text.trim();
        return;
      case 'methodCall':
        if (!this.#method) throw new MalformedMessage('calls no method');
        this.#message = { kind: 'call', method: this.#method, params: ended.values };
        return;
      case 'methodResponse':
        if (!this.#message) this.#message = { kind: 'response', value: only(ended.values) };
        return;
      case 'fault':
        this.#message = { kind: 'fault', fault: asFault(only(ended.values)) };
        return;
      case 'params':
      case 'param':
      case 'data':
        for (const value of ended.values) parent.values.push(value);
        return;
      default:
        parent.values.push(compound(ended) ?? scalar(ended.tag, text));
    }
  }

  #top(): Frame {
    const top = this.#stack.at(-1);
    if (!top) throw new MalformedMessage('ends twice');
    return top;
  }
}

/** A whole message at once. */
export function readMessage(text: string): XmlRpcMessage {
  const reader = new XmlRpcReader();
  reader.write(text);
  return reader.end();
}

function frame(tag: string): Frame {
  return { tag, values: [], members: [], memberName: null };
}

function checkMember(member: Frame, tag: string): void {
  if (tag === 'value' && (member.memberName === null || member.values.length > 0))
    throw new MalformedMessage('has a <member> of several values, or of none that is named');
}

function only(values: readonly XmlRpcValue[]): XmlRpcValue {
  const [value] = values;
  if (value === undefined || values.length > 1) throw new MalformedMessage(`answers ${values.length} values, not one`);
  return value;
}

function asFault(value: XmlRpcValue): XmlRpcFault {
  const fault = readFault(value);
  if (!fault) throw new MalformedMessage('has a <fault> without code and text');
  return fault;
}

/** Undefined for a scalar. */
function compound(ended: Frame): XmlRpcValue | undefined {
  if (ended.tag === 'array') return ended.values;
  if (ended.tag !== 'struct') return undefined;
  // fromEntries defines, where an assignment of __proto__ would set.
  return Object.fromEntries<XmlRpcValue>(ended.members);
}

function scalar(tag: string, text: string): XmlRpcValue {
  if (tag === 'string') return text;
  const trimmed = text.trim();
  switch (tag) {
    case 'nil':
    case 'ex:nil':
      return trimmed === '' ? null : wrong(tag, trimmed);
    case 'boolean':
      return trimmed === '1' || trimmed === '0' ? trimmed === '1' : wrong(tag, trimmed);
    case 'double':
      return /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(trimmed) ? Number(trimmed) : wrong(tag, trimmed);
    case 'base64':
      return base64(trimmed.replace(/\s+/g, ''));
    case 'dateTime.iso8601':
      return /^[0-9TZ:+\-. ]{8,40}$/.test(trimmed) ? new XmlRpcDateTime(trimmed) : wrong(tag, trimmed);
    default:
      return whole(tag, trimmed);
  }
}

function whole(tag: string, text: string): number | bigint {
  if (!/^[-+]?\d{1,40}$/.test(text)) return wrong(tag, text);
  const exact = BigInt(text.replace(/^\+/, ''));
  const number = Number(exact);
  return Number.isSafeInteger(number) ? number : exact;
}

function base64(text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) return wrong('base64', text);
  return new Uint8Array(Buffer.from(text, 'base64'));
}

function wrong(tag: string, text: string): never {
  throw new MalformedMessage(`has “${text.slice(0, 40)}” for a <${tag}>`);
}
