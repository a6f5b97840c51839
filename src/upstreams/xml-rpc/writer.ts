// Writes XML-RPC calls with xmldom, which escapes all values; reading is done by saxes, which streams (reader.ts). What
// XML cannot carry (control characters, lone surrogates, numbers out of range) throws `NotExpressible`.

import { DOMImplementation, XMLSerializer, type Document, type Element } from '@xmldom/xmldom';
import { XmlRpcDateTime, type XmlRpcValue } from './value.ts';

export class NotExpressible extends Error {
  override readonly name = 'NotExpressible';
}

const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const I4 = 2n ** 31n;
const I8 = 2n ** 63n;
const DATE_TIME = /^\d{8}T\d\d:\d\d:\d\d$/;

export function writeCall(method: string, params: readonly XmlRpcValue[]): string {
  const document = new DOMImplementation().createDocument(null, 'methodCall', null);
  const root = document.documentElement;
  if (!root) throw new Error('the new document has no root element');
  child(root, 'methodName', expressible(method));
  const list = child(root, 'params');
  for (const param of params) writeValue(child(list, 'param'), param);
  const xml = new XMLSerializer().serializeToString(document, { requireWellFormed: true });
  // A parser would read a bare carriage return as a line feed.
  return `<?xml version="1.0"?>${xml.replaceAll('\r', '&#13;')}`;
}

function child(parent: Element, name: string, text?: string): Element {
  const document = parent.ownerDocument as Document;
  const element = document.createElement(name);
  if (text !== undefined) element.appendChild(document.createTextNode(text));
  parent.appendChild(element);
  return element;
}

function writeValue(parent: Element, value: XmlRpcValue): void {
  const node = child(parent, 'value');
  if (value === null) child(node, 'nil');
  else if (typeof value === 'boolean') child(node, 'boolean', value ? '1' : '0');
  else if (typeof value === 'string') child(node, 'string', expressible(value));
  else if (typeof value === 'number' || typeof value === 'bigint') writeNumber(node, value);
  else if (value instanceof XmlRpcDateTime) writeDateTime(node, value);
  else if (value instanceof Uint8Array) child(node, 'base64', Buffer.from(value).toString('base64'));
  else if (isArray(value)) {
    const data = child(child(node, 'array'), 'data');
    for (const item of value) writeValue(data, item);
  } else {
    const struct = child(node, 'struct');
    for (const [name, item] of Object.entries(value)) {
      const member = child(struct, 'member');
      child(member, 'name', expressible(name));
      writeValue(member, item);
    }
  }
}

function isArray(value: XmlRpcValue): value is readonly XmlRpcValue[] {
  return Array.isArray(value);
}

function writeNumber(node: Element, value: number | bigint): void {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    if (!Number.isFinite(value)) throw new NotExpressible(`${value} is not a number that XML-RPC can carry`);
    child(node, 'double', String(value));
    return;
  }
  // Minus zero is a double: an int would lose its sign.
  if (Object.is(value, -0)) {
    child(node, 'double', '-0.0');
    return;
  }
  const whole = BigInt(value);
  if (whole < -I8 || whole >= I8) throw new NotExpressible(`${whole} does not fit into 64 bits`);
  child(node, whole >= -I4 && whole < I4 ? 'int' : 'i8', String(whole));
}

function writeDateTime(node: Element, { text }: XmlRpcDateTime): void {
  if (!DATE_TIME.test(text)) throw new NotExpressible('a dateTime is written 20261122T10:00:00');
  child(node, 'dateTime.iso8601', text);
}

function expressible(text: string): string {
  if (NOT_XML.test(text) || !text.isWellFormed())
    throw new NotExpressible('it holds a character that XML cannot carry');
  return text;
}
