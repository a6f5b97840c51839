import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareEvr, compareVersions, parseEvr } from '../../src/compose/rpm-version.ts';

// From rpm's tests/rpmvercmp.at: left, right, order.
const CASES: readonly (readonly [string, string, number])[] = [
  ['1.0', '1.0', 0],
  ['1.0', '2.0', -1],
  ['2.0', '1.0', 1],
  ['2.0.1', '2.0.1', 0],
  ['2.0', '2.0.1', -1],
  ['2.0.1', '2.0', 1],
  ['2.0.1a', '2.0.1a', 0],
  ['2.0.1a', '2.0.1', 1],
  ['2.0.1', '2.0.1a', -1],
  ['5.5p1', '5.5p2', -1],
  ['5.5p10', '5.5p1', 1],
  ['10xyz', '10.1xyz', -1],
  ['10.1xyz', '10xyz', 1],
  ['xyz10', 'xyz10', 0],
  ['xyz10', 'xyz10.1', -1],
  ['xyz.4', 'xyz.4', 0],
  ['xyz.4', '8', -1],
  ['8', 'xyz.4', 1],
  ['xyz.4', '2', -1],
  ['5.5p2', '5.6p1', -1],
  ['5.6p1', '6.5p1', -1],
  ['6.0.rc1', '6.0', 1],
  ['10b2', '10a1', 1],
  ['10a2', '10b2', -1],
  ['1.0aa', '1.0aa', 0],
  ['1.0a', '1.0aa', -1],
  ['10.0001', '10.0001', 0],
  ['10.0001', '10.1', 0],
  ['10.0001', '10.0039', -1],
  ['4.999.9', '5.0', -1],
  ['20101121', '20101121', 0],
  ['20101121', '20101122', -1],
  ['2_0', '2_0', 0],
  ['2.0', '2_0', 0],
  ['a', 'a', 0],
  ['a+', 'a+', 0],
  ['a+', 'a_', 0],
  ['+a', '+a', 0],
  ['+a', '_a', 0],
  ['+_', '_+', 0],
  ['+', '_', 0],
  ['1.0~rc1', '1.0~rc1', 0],
  ['1.0~rc1', '1.0', -1],
  ['1.0', '1.0~rc1', 1],
  ['1.0~rc1', '1.0~rc2', -1],
  ['1.0~rc1~git123', '1.0~rc1', -1],
  ['1.0^', '1.0^', 0],
  ['1.0^', '1.0', 1],
  ['1.0^git1', '1.0', 1],
  ['1.0^git1', '1.0^git2', -1],
  ['1.0^git1', '1.01', -1],
  ['1.0^20160101', '1.0.1', -1],
  ['1.0^20160101^git1', '1.0^20160101', 1],
  ['1.0^20160102', '1.0^20160101^git1', 1],
  ['1.0~rc1^git1', '1.0~rc1', 1],
  ['1.0^git1~pre', '1.0^git1', -1],
  ['1.0^git1~pre', '1.0^git1', -1],
  ['1.900', '1.8000', -1],
  ['FC5', 'fc4', -1],
  ['2a', '2.0', -1],
  ['1.0', '1.fc4', 1],
  ['3.0.0_fc', '3.0.0.fc', 0],
  ['1b.fc17', '1.fc17', -1],
  ['1g.fc17', '1.fc17', 1],
];

describe('compareVersions', () => {
  it.each(CASES)('orders %s and %s like rpmvercmp: %i', (left, right, order) => {
    expect(compareVersions(left, right)).toBe(order);
    expect(compareVersions(right, left)).toBe(order === 0 ? 0 : -order);
  });

  it('is transitive and antisymmetric', () => {
    const version = fc.string({ unit: fc.constantFrom('0', '1', '9', 'a', 'B', '.', '~', '^', '_'), maxLength: 8 });
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        const [first, , last] = [a, b, c].sort(compareVersions);
        expect(compareVersions(first ?? '', last ?? '')).toBeLessThanOrEqual(0);
        expect(compareVersions(a, b)).toBe(0 - compareVersions(b, a));
      }),
    );
  });
});

describe('compareEvr', () => {
  it.each([
    ['1:1.0-1', '9.0-9', 1],
    ['0:1.0-1', '1.0-1', 0],
    ['1.0-1', '1.0-2', -1],
    ['1.0', '1.0-2', 0],
    ['1.0-10', '1.0-9', 1],
  ] as const)('orders %s and %s: %i', (left, right, order) => {
    expect(compareEvr(parseEvr(left), parseEvr(right))).toBe(order);
  });
});
