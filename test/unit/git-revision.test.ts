import { describe, expect, it } from 'vitest';
import { isRevision, parseReferences, resolveRevision } from '../../src/upstreams/git/revision.ts';

const [A, B, C] = ['a', 'b', 'c'].map((letter) => letter.repeat(40)) as [string, string, string];
const lines = [
  `${A}\tHEAD`,
  `${A}\trefs/heads/main`,
  `${B}\trefs/heads/both`,
  `${C}\trefs/tags/both`,
  `${C}\trefs/tags/v1`,
  `${B}\trefs/tags/v1^{}`,
  'From nowhere',
];
const references = parseReferences(lines);

describe('A git revision', () => {
  it('resolves an annotated tag to its commit', () => {
    expect(resolveRevision('v1', references)).toEqual({ commit: B });
  });

  it('prefers a tag to a branch of the same name, and accepts full names', () => {
    expect(resolveRevision('both', references)).toEqual({ commit: C });
    expect(resolveRevision('refs/heads/both', references)).toEqual({ commit: B });
    expect(resolveRevision('heads/both', references)).toEqual({ commit: B });
  });

  it('resolves a full commit to itself', () => {
    expect(resolveRevision('d'.repeat(40), references)).toEqual({ commit: 'd'.repeat(40) });
    expect(resolveRevision('d'.repeat(64), references)).toEqual({ commit: 'd'.repeat(64) });
  });

  it('resolves an abbreviated commit if it is unambiguous', () => {
    expect(resolveRevision('aaaaaaa', references)).toEqual({ commit: A });
    expect(resolveRevision('abcdef0', references)).toEqual({ unknown: 'short-commit' });
    expect(resolveRevision('none', references)).toEqual({ unknown: 'name' });
    const alike = parseReferences([`1234567${'0'.repeat(33)}\trefs/heads/x`, `1234567${'1'.repeat(33)}\trefs/heads/y`]);
    expect(resolveRevision('1234567', alike)).toEqual({
      ambiguous: ['1234567'.padEnd(40, '0'), '1234567'.padEnd(40, '1')],
    });
  });

  it.each(['main', 'f40', 'release/1.2', 'v1.0-rc+1', 'refs/heads/main'])('accepts the revision %s', (text) => {
    expect(isRevision(text)).toBe(true);
  });

  it.each([
    '-main',
    '/main',
    'main/',
    'main.',
    'a//b',
    'a/.b',
    'a.lock',
    'a@{1}',
    'a:b',
    'a?',
    'a*',
    'a[',
    'a\\b',
    'a\u0000b',
    'x'.repeat(251),
  ])('refuses the revision %j', (text) => {
    expect(isRevision(text)).toBe(false);
  });
});
