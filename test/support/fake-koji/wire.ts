// XML-RPC as Koji's hub writes it, with Python's xmlrpc.client: line feeds between elements, and only & < > escaped. It does
// not use the client's writer, so that neither hides the other's mistakes.

import { XmlRpcDateTime, type XmlRpcValue } from '../../../src/upstreams/xml-rpc/value.ts';

export function response(value: XmlRpcValue): string {
  return `<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n${dump(value)}</param>\n</params>\n</methodResponse>\n`;
}

export function faultResponse(faultCode: number, faultString: string): string {
  return `<?xml version='1.0'?>\n<methodResponse>\n<fault>\n${dump({ faultCode, faultString })}</fault>\n</methodResponse>\n`;
}

function dump(value: XmlRpcValue): string {
  if (value === null) return '<value><nil/></value>\n';
  if (typeof value === 'boolean') return `<value><boolean>${value ? 1 : 0}</boolean></value>\n`;
  if (typeof value === 'string') return `<value><string>${escape(value)}</string></value>\n`;
  if (typeof value === 'bigint') return dumpInt(value);
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return dumpInt(BigInt(value as number));
  if (Object.is(value, -0)) return '<value><double>-0.0</double></value>\n';
  if (typeof value === 'number') return `<value><double>${value}</double></value>\n`;
  if (value instanceof XmlRpcDateTime) return `<value><dateTime.iso8601>${value.text}</dateTime.iso8601></value>\n`;
  if (value instanceof Uint8Array)
    return `<value><base64>\n${Buffer.from(value)
      .toString('base64')
      .replace(/(.{76})/g, '$1\n')}\n</base64></value>\n`;
  if (Array.isArray(value))
    return `<value><array><data>\n${(value as readonly XmlRpcValue[]).map(dump).join('')}</data></array></value>\n`;
  const members = Object.entries(value).map(
    ([name, item]: [string, XmlRpcValue]) => `<member>\n<name>${escape(name)}</name>\n${dump(item)}</member>\n`,
  );
  return `<value><struct>\n${members.join('')}</struct></value>\n`;
}

function dumpInt(value: bigint): string {
  const tag = value > 2n ** 31n - 1n || value < -(2n ** 31n) ? 'i8' : 'int';
  return `<value><${tag}>${value}</${tag}></value>\n`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
