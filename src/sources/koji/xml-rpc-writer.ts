// XML-RPC messages as text. The XML is a library's; what XML cannot hold (control characters, lone surrogates, numbers
// out of range) is thrown as `NotExpressible`, so that no value can change the shape of a message.

import { create } from 'xmlbuilder2';
import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js';
import { XmlRpcDateTime, type XmlRpcFault, type XmlRpcValue } from './xml-rpc-value.ts';

export class NotExpressible extends Error {
  override readonly name = 'NotExpressible';
}

const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
const I4 = 2n ** 31n;
const I8 = 2n ** 63n;
const DATE_TIME = /^\d{8}T\d\d:\d\d:\d\d$/;

export function writeCall(method: string, params: readonly XmlRpcValue[]): string {
  const root = create({ version: '1.0' }).ele('methodCall');
  root.ele('methodName').txt(expressible(method));
  const list = root.ele('params');
  for (const param of params) writeValue(list.ele('param'), param);
  return finish(root);
}

export function writeResponse(value: XmlRpcValue): string {
  const root = create({ version: '1.0' }).ele('methodResponse');
  writeValue(root.ele('params').ele('param'), value);
  return finish(root);
}

export function writeFault(fault: XmlRpcFault): string {
  const root = create({ version: '1.0' }).ele('methodResponse');
  writeValue(root.ele('fault'), { ...fault });
  return finish(root);
}

function finish(root: XMLBuilder): string {
  // A parser reads a bare carriage return as a line feed; written as a reference it stays what it is.
  return root.end().replaceAll('\r', '&#13;');
}

function writeValue(parent: XMLBuilder, value: XmlRpcValue): void {
  const node = parent.ele('value');
  if (value === null) node.ele('nil');
  else if (typeof value === 'boolean') node.ele('boolean').txt(value ? '1' : '0');
  else if (typeof value === 'string') node.ele('string').txt(expressible(value));
  else if (typeof value === 'number' || typeof value === 'bigint') writeNumber(node, value);
  else if (value instanceof XmlRpcDateTime) writeDateTime(node, value);
  else if (value instanceof Uint8Array) node.ele('base64').txt(Buffer.from(value).toString('base64'));
  else if (isArray(value)) {
    const data = node.ele('array').ele('data');
    for (const item of value) writeValue(data, item);
  } else {
    const struct = node.ele('struct');
    for (const [name, item] of Object.entries(value)) {
      const member = struct.ele('member');
      member.ele('name').txt(expressible(name));
      writeValue(member, item);
    }
  }
}

function isArray(value: XmlRpcValue): value is readonly XmlRpcValue[] {
  return Array.isArray(value);
}

function writeNumber(node: XMLBuilder, value: number | bigint): void {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    if (!Number.isFinite(value)) throw new NotExpressible(`${value} is no XML-RPC number`);
    node.ele('double').txt(String(value));
    return;
  }
  // Minus zero is a double: an int would lose its sign.
  if (Object.is(value, -0)) {
    node.ele('double').txt('-0.0');
    return;
  }
  const whole = BigInt(value);
  if (whole < -I8 || whole >= I8) throw new NotExpressible(`${whole} is beyond 64 bits`);
  node.ele(whole >= -I4 && whole < I4 ? 'int' : 'i8').txt(String(whole));
}

function writeDateTime(node: XMLBuilder, { text }: XmlRpcDateTime): void {
  if (!DATE_TIME.test(text)) throw new NotExpressible('a dateTime is written 20261122T10:00:00');
  node.ele('dateTime.iso8601').txt(text);
}

function expressible(text: string): string {
  if (NOT_XML.test(text) || !text.isWellFormed()) throw new NotExpressible('a text holds a character that XML cannot carry');
  return text;
}
