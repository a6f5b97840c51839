// Signatures of packages: their key ids, compared with those that real Pungi wrote, and which sigkeys accept them.

import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openPgpKeyId } from '../../src/engines/dnf/openpgp-key-id.ts';
import { isAccepted, sigkeyOf, signatureOf } from '../../src/engines/dnf/signature-check.ts';
import { temporaryDirectory } from '../support/repo-source.ts';
import { signedHeads } from '../support/signed-heads.ts';

const KEY = Buffer.from('0123456789abcdef', 'hex');
const FINGERPRINT = Buffer.concat([Buffer.alloc(12, 0xee), KEY]);
const LONG_FINGERPRINT = Buffer.concat([KEY, Buffer.alloc(24, 0xee)]);

describe('signatureOf', () => {
  it.each(signedHeads())('finds the key that real Pungi wrote: $name, signed with $signature', ({ head, sigkey }) => {
    const signature = signatureOfBytes(head);
    expect(sigkeyOf(signature, [])).toBe(sigkey);
    expect(signature.isSigned).toBe(sigkey !== null);
  });

  it('reads the signature list of RPM 6, of which the first sigkey of the request counts', () => {
    const other = Buffer.from('fedcba9876543210', 'hex');
    const list = [v4([issuer(other)]), v6([fingerprint(6, LONG_FINGERPRINT)])].map((packet) =>
      packet.toString('base64'),
    );
    const signature = signatureOfBytes(
      rpm([{ tag: 278, type: 8, count: 2, data: Buffer.from(`${list.join('\0')}\0`) }]),
    );
    expect(signature).toEqual({ isSigned: true, keyIds: ['fedcba9876543210', '0123456789abcdef'] });
    expect(sigkeyOf(signature, [])).toBe('76543210');
    expect(sigkeyOf(signature, ['89ABCDEF', '76543210'])).toBe('89abcdef');
  });

  it('finds no signature in a file that is no RPM, is truncated, or has an offset outside of its header', () => {
    const unsigned = { isSigned: false, keyIds: [] };
    expect(signatureOfBytes(Buffer.from('not really an RPM'))).toEqual(unsigned);
    expect(signatureOfBytes(Buffer.alloc(0))).toEqual(unsigned);
    const whole = rpm([{ tag: 268, type: 7, count: 20, data: v4([issuer(KEY)]) }]);
    for (let length = 0; length < whole.length; length++)
      expect(signatureOfBytes(whole.subarray(0, length)).keyIds).toEqual([]);
    whole.writeUInt32BE(0x7fffffff, 96 + 16 + 8);
    expect(signatureOfBytes(whole)).toEqual(unsigned);
  });

  it('treats a signature without a readable key id as signed', () => {
    const signature = signatureOfBytes(rpm([{ tag: 268, type: 7, count: 3, data: Buffer.from([0x88, 0x01, 0x09]) }]));
    expect(signature).toEqual({ isSigned: true, keyIds: [] });
    expect(isAccepted(signature, [''])).toBe(false);
    expect(isAccepted(signature, [])).toBe(true);
  });
});

describe('openPgpKeyId', () => {
  const v3 = Buffer.concat([Buffer.from([3, 5, 0, 0, 0, 0, 0]), KEY, Buffer.from([1, 8, 0, 0, 0, 1, 1])]);
  it.each([
    ['version 3', old(v3)],
    ['version 4, in the issuer', v4([issuer(KEY)])],
    ['version 4, in the unhashed issuer', v4([], [issuer(KEY)])],
    ['version 4, in the fingerprint', v4([fingerprint(4, FINGERPRINT)])],
    ['version 6, in the fingerprint', v6([fingerprint(6, LONG_FINGERPRINT)])],
    ['an old packet without a length', Buffer.concat([Buffer.from([0x8b]), v3])],
    ['an old packet with two bytes of length', Buffer.concat([Buffer.from([0x89, 0, v3.length]), v3])],
    ['a new packet', Buffer.concat([Buffer.from([0xc2, v3.length]), v3])],
    ['a new packet with five bytes of length', Buffer.concat([Buffer.from([0xc2, 255, 0, 0, 0, v3.length]), v3])],
  ])('reads the key id of %s', (_, packet) => {
    expect(openPgpKeyId(packet)).toBe('0123456789abcdef');
    for (let length = 0; length < packet.length; length++)
      expect([null, '0123456789abcdef']).toContain(openPgpKeyId(packet.subarray(0, length)));
  });

  it.each([
    ['another packet', Buffer.concat([Buffer.from([0x99, 0, v3.length]), v3])],
    ['an unknown version', old(Buffer.from([9, 0, 0, 0]))],
    ['subpackets that are longer than the packet', old(Buffer.from([4, 0, 1, 8, 0xff, 0xff, 9, 16]))],
    ['no issuer', v4([Buffer.from([2, 0, 0, 0, 0])])],
    ['nothing', Buffer.alloc(0)],
  ])('finds no key id in %s', (_, packet) => expect(openPgpKeyId(packet)).toBeNull());
});

describe('isAccepted', () => {
  const signed = { isSigned: true, keyIds: [KEY.toString('hex')] };
  const unsigned = { isSigned: false, keyIds: [] };
  it.each([
    { sigkeys: [], acceptsSigned: true, acceptsUnsigned: true },
    { sigkeys: [''], acceptsSigned: false, acceptsUnsigned: true },
    { sigkeys: ['89abcdef'], acceptsSigned: true, acceptsUnsigned: false },
    { sigkeys: ['11111111', '89ABCDEF', ''], acceptsSigned: true, acceptsUnsigned: true },
    { sigkeys: ['11111111', ''], acceptsSigned: false, acceptsUnsigned: true },
    { sigkeys: ['0123456789abcdef'], acceptsSigned: true, acceptsUnsigned: false },
    { sigkeys: [FINGERPRINT.toString('hex')], acceptsSigned: true, acceptsUnsigned: false },
    { sigkeys: [LONG_FINGERPRINT.toString('hex')], acceptsSigned: true, acceptsUnsigned: false },
    { sigkeys: ['f', 'abcdef', '01234567'], acceptsSigned: false, acceptsUnsigned: false },
  ])('follows the sigkeys $sigkeys', ({ sigkeys, acceptsSigned, acceptsUnsigned }) => {
    expect(isAccepted(signed, sigkeys)).toBe(acceptsSigned);
    expect(isAccepted(unsigned, sigkeys)).toBe(acceptsUnsigned);
  });
});

function signatureOfBytes(content: Buffer) {
  const path = join(temporaryDirectory(), 'package.rpm');
  writeFileSync(path, content);
  const file = openSync(path, 'r');
  try {
    return signatureOf(file);
  } finally {
    closeSync(file);
  }
}

function rpm(
  entries: readonly { readonly tag: number; readonly type: number; readonly count: number; readonly data: Buffer }[],
): Buffer {
  let offset = 0;
  const index = entries.map(({ tag, type, count, data }) => {
    const entry = uint32s(tag, type, offset, count);
    offset += data.length;
    return entry;
  });
  return Buffer.concat([
    Buffer.alloc(96),
    uint32s(0x8eade801, 0, entries.length, offset),
    ...index,
    ...entries.map(({ data }) => data),
  ]);
}

function uint32s(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [place, value] of values.entries()) bytes.writeUInt32BE(value, place * 4);
  return bytes;
}

function old(body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x88, body.length]), body]);
}

function v4(hashed: readonly Buffer[], unhashed: readonly Buffer[] = []): Buffer {
  const [first, second] = [Buffer.concat(hashed), Buffer.concat(unhashed)];
  return old(
    Buffer.concat([Buffer.from([4, 0, 1, 8, 0, first.length]), first, Buffer.from([0, second.length]), second]),
  );
}

function v6(hashed: readonly Buffer[]): Buffer {
  const all = Buffer.concat(hashed);
  return old(Buffer.concat([Buffer.from([6, 0, 27, 8]), uint32s(all.length), all, uint32s(0)]));
}

function issuer(key: Buffer): Buffer {
  return Buffer.concat([Buffer.from([9, 16]), key]);
}

function fingerprint(version: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([2 + bytes.length, 33, version]), bytes]);
}
