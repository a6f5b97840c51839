// The text of a scalar's element as its value; throws `MalformedMessage` if it is not of the element's type.

import { MalformedMessage } from './malformed-message.ts';
import { XmlRpcDateTime, type XmlRpcValue } from './value.ts';

export function parseScalar(tag: string, text: string): XmlRpcValue {
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
      return integer(tag, trimmed);
  }
}

function integer(tag: string, text: string): number | bigint {
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
