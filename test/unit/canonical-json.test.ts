import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/compose/canonical-json.ts';

function withReversedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withReversedKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, withReversedKeys(item)]),
  );
}

describe('canonicalJson', () => {
  it('gives values that differ only in the order of keys the same text', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(withReversedKeys(value))).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('keeps the order of lists', () => {
    expect(canonicalJson({ b: [2, 1], a: null })).toBe('{"a":null,"b":[2,1]}');
  });

  it('leaves out null members on request, at every level', () => {
    expect(canonicalJson({ b: { d: null, c: [null] }, a: null, e: undefined }, { omitNull: true })).toBe(
      '{"b":{"c":[null]}}',
    );
  });
});
