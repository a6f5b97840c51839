import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedMessage, XmlRpcReader, type XmlRpcMessage } from '../../src/upstreams/xml-rpc/reader.ts';
import { XmlRpcDateTime, type XmlRpcValue } from '../../src/upstreams/xml-rpc/value.ts';
import { NotExpressible, writeCall } from '../../src/upstreams/xml-rpc/writer.ts';
import { faultResponse, response } from '../support/fake-koji/wire.ts';

const text = fc
  .string({ unit: 'binary' })
  .map((value) => value.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, ''));
const { value: anyValue } = fc.letrec<{ value: XmlRpcValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .map((whole) => (Number.isSafeInteger(Number(whole)) ? Number(whole) : whole)),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    text,
    fc
      .date({ min: new Date('1000-01-01'), max: new Date('9999-01-01'), noInvalidDate: true })
      .map((date) => new XmlRpcDateTime(date.toISOString().replace(/-|\..*$/g, ''))),
    fc.uint8Array(),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(text, fc.constant('__proto__')), tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

function readMessage(xml: string): XmlRpcMessage {
  const reader = new XmlRpcReader();
  reader.write(xml);
  return reader.end();
}

function readResponse(xml: string): XmlRpcValue {
  const message = readMessage(xml);
  if (message.kind !== 'response') throw new Error(message.kind);
  return message.value;
}

const inValue = (xml: string): string =>
  `<?xml version='1.0'?><methodResponse><params><param><value>${xml}</value></param></params></methodResponse>`;

describe('XML-RPC with the extensions of Koji', () => {
  it('reads back every call that it writes, with its method and parameters', () => {
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 4 }), (params) => {
        expect(readMessage(writeCall('getTag', params))).toEqual({ kind: 'call', method: 'getTag', params });
      }),
      { numRuns: 500 },
    );
  });

  it('reads what Python writes, whatever the chunks are', () => {
    const carriageReturn = /\r/;
    fc.assert(
      fc.property(anyValue, fc.array(fc.nat({ max: 200 })), (value, cuts) => {
        const xml = response(value);
        // Python does not escape carriage returns, which XML parsers read as line feeds.
        fc.pre(!carriageReturn.test(xml));
        const reader = new XmlRpcReader();
        let rest = xml;
        for (const cut of cuts) {
          reader.write(rest.slice(0, cut));
          rest = rest.slice(cut);
        }
        reader.write(rest);
        expect(reader.end()).toEqual({ kind: 'response', value });
      }),
    );
  });

  it('does not let a value change the structure of a message', () => {
    for (const hostile of [
      ']]></string><nil/>',
      '<!DOCTYPE x [<!ENTITY e "x">]>&e;',
      '&#0;',
      '&lt;',
      '&amp;lt;',
      '</value></param></params>',
      '\r\n\t "\'',
      '💥',
      '\u2028',
    ]) {
      expect(readMessage(writeCall(`m`, [hostile, { [hostile]: hostile }]))).toEqual({
        kind: 'call',
        method: 'm',
        params: [hostile, { [hostile]: hostile }],
      });
    }
  });

  it('does not write values that XML or XML-RPC cannot carry', () => {
    for (const value of [
      '\u0000',
      '\u001b[0m',
      '\ud800',
      Number.NaN,
      Infinity,
      2n ** 63n,
      new XmlRpcDateTime('yesterday'),
      { '\u0001': 1 },
    ]) {
      expect(() => writeCall('m', [value])).toThrow(NotExpressible);
    }
  });

  it('distinguishes a fault from an answer', () => {
    expect(readMessage(faultResponse(1000, 'No such tag: <x>'))).toEqual({
      kind: 'fault',
      fault: { faultCode: 1000, faultString: 'No such tag: <x>' },
    });
  });

  it('reads a value without a type as a string, and integers beyond 53 bits exactly', () => {
    expect(readResponse(inValue(' bare '))).toBe(' bare ');
    expect(readResponse(inValue(''))).toBe('');
    expect(readResponse(inValue('<i8>9007199254740993</i8>'))).toBe(9007199254740993n);
    expect(readResponse(inValue('<base64>\naGVs\nbG8=\n</base64>'))).toEqual(new Uint8Array(Buffer.from('hello')));
  });

  it('treats a member __proto__ like any other', () => {
    const value = readResponse(
      inValue(
        '<struct><member><name>__proto__</name><value><struct><member><name>polluted</name><value>1</value></member></struct></value></member></struct>',
      ),
    );
    expect((value as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.keys(value as object)).toEqual(['__proto__']);
  });

  it.each([
    ['nothing', ''],
    ['a page of HTML', '<html><body>Bad Gateway<br></body></html>'],
    ['another document', '<feed/>'],
    ['a truncated message', response([1, 2, 3]).slice(0, -30)],
    ['two messages', response(1).repeat(2)],
    [
      'two values',
      '<methodResponse><params><param><value>1</value></param><param><value>2</value></param></params></methodResponse>',
    ],
    ['no value', '<methodResponse><params></params></methodResponse>'],
    ['an unknown type', inValue('<float>1</float>')],
    ['a boolean of yes', inValue('<boolean>yes</boolean>')],
    ['an int of words', inValue('<int>12 apples</int>')],
    ['a double of words', inValue('<double>much</double>')],
    ['a base64 that is none', inValue('<base64>!!!!</base64>')],
    ['two values in one', inValue('<int>1</int><int>2</int>')],
    ['text beside a value', inValue('<int>1</int>2')],
    ['a member without a name', inValue('<struct><member><value>1</value></member></struct>')],
    ['a member without a value', inValue('<struct><member><name>a</name></member></struct>')],
    ['a fault without a code', '<methodResponse><fault><value><struct></struct></value></fault></methodResponse>'],
    ['an entity of its own', `<!DOCTYPE x [<!ENTITY e "boom">]>${inValue('&e;').replace(/<\?.*?\?>/, '')}`],
    ['endless nesting', inValue('<array><data><value>'.repeat(500))],
  ])('does not read %s', (_what, xml) => {
    expect(() => readMessage(xml)).toThrow(MalformedMessage);
  });
});
