// Reads XML-RPC messages chunk by chunk, as they arrive: strict XML, only XML's own entities, every scalar checked, bounded
// depth. A message that does not follow the format throws `MalformedMessage`.

import { SaxesParser } from 'saxes';
import { parseScalar } from './scalars.ts';
import { MalformedMessage } from './malformed-message.ts';
import { readFault, type XmlRpcFault, type XmlRpcValue } from './value.ts';

export { MalformedMessage } from './malformed-message.ts';

export type XmlRpcMessage =
  | { readonly kind: 'call'; readonly method: string; readonly params: readonly XmlRpcValue[] }
  | { readonly kind: 'response'; readonly value: XmlRpcValue }
  | { readonly kind: 'fault'; readonly fault: XmlRpcFault };

const MAX_DEPTH = 200;
const SCALARS = ['nil', 'boolean', 'int', 'i1', 'i2', 'i4', 'i8', 'biginteger', 'double', 'string', 'base64'];
/** Elements that each element may contain; one that is not listed contains text. */
const CHILDREN: Readonly<Record<string, readonly string[]>> = {
  '': ['methodCall', 'methodResponse'],
  methodCall: ['methodName', 'params'],
  methodResponse: ['params', 'fault'],
  params: ['param'],
  param: ['value'],
  fault: ['value'],
  value: [...SCALARS, 'dateTime.iso8601', 'array', 'struct', 'ex:nil', 'ex:i8'],
  array: ['data'],
  data: ['value'],
  struct: ['member'],
  member: ['name', 'value'],
};

interface Frame {
  readonly tag: string;
  /** Of the elements that ended inside. */
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
    const append = (text: string) => void (this.#text += text);
    this.#parser.on('error', (error) => {
      throw new MalformedMessage(`is not well-formed XML (${error.message})`);
    });
    this.#parser.on('opentag', ({ name }) => this.#open(name));
    this.#parser.on('closetag', () => this.#close());
    this.#parser.on('text', append);
    this.#parser.on('cdata', append);
  }

  /** Throws `MalformedMessage`. */
  write(chunk: string): void {
    this.#parser.write(chunk);
  }

  /** The message; throws `MalformedMessage` if it is incomplete. */
  end(): XmlRpcMessage {
    this.#parser.close();
    if (!this.#message) throw new MalformedMessage('holds no XML-RPC message');
    return this.#message;
  }

  #open(tag: string): void {
    const parent = this.#top();
    if (!CHILDREN[parent.tag]?.includes(tag)) {
      const where = parent.tag === '' ? 'at the top' : `in a <${parent.tag}>`;
      throw new MalformedMessage(`has a <${tag.slice(0, 40)}> ${where}`);
    }
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
    const text = this.#text;
    this.#text = '';
    const isText = CHILDREN[ended.tag] === undefined || (ended.tag === 'value' && ended.values.length === 0);
    if (!isText && text.trim() !== '') throw new MalformedMessage(`has text in a <${ended.tag}>`);
    if (!this.#closeMessage(ended, text)) closeElement(ended, this.#top(), text);
  }

  /** Whether the element is one of the message around the values. */
  #closeMessage(ended: Frame, text: string): boolean {
    switch (ended.tag) {
      case 'methodName':
        this.#method = text.trim();
        return true;
      case 'methodCall':
        if (!this.#method) throw new MalformedMessage('calls no method');
        this.#message = { kind: 'call', method: this.#method, params: ended.values };
        return true;
      case 'methodResponse':
        this.#message ??= { kind: 'response', value: only(ended.values) };
        return true;
      case 'fault':
        this.#message = { kind: 'fault', fault: asFault(only(ended.values)) };
        return true;
      default:
        return false;
    }
  }

  #top(): Frame {
    const top = this.#stack.at(-1);
    if (!top) throw new MalformedMessage('ends twice');
    return top;
  }
}

function closeElement(ended: Frame, parent: Frame, text: string): void {
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
        throw new MalformedMessage('has a <member> without a name or a value');
      parent.members.push([ended.memberName, ended.values[0] ?? null]);
      return;
    case 'params':
    case 'param':
    case 'data':
      for (const value of ended.values) parent.values.push(value);
      return;
    case 'array':
      parent.values.push(ended.values);
      return;
    case 'struct':
      // fromEntries defines a member `__proto__`, which an assignment would set as the prototype.
      parent.values.push(Object.fromEntries<XmlRpcValue>(ended.members));
      return;
    default:
      parent.values.push(parseScalar(ended.tag, text));
  }
}

function frame(tag: string): Frame {
  return { tag, values: [], members: [], memberName: null };
}

function checkMember(member: Frame, tag: string): void {
  if (tag === 'value' && (member.memberName === null || member.values.length > 0))
    throw new MalformedMessage('has a <member> with several values or without a name');
}

function only(values: readonly XmlRpcValue[]): XmlRpcValue {
  const [value] = values;
  if (value === undefined || values.length > 1)
    throw new MalformedMessage(`has ${values.length} values where one is expected`);
  return value;
}

function asFault(value: XmlRpcValue): XmlRpcFault {
  const fault = readFault(value);
  if (!fault) throw new MalformedMessage('has a <fault> without code and text');
  return fault;
}
