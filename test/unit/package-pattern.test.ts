import { expect, it } from 'vitest';
import { missingPackages, packageMatcher } from '../../src/compose/package-pattern.ts';

const x86 = (name: string) => ({ name, arch: 'x86_64' });

it.each<[string, string, boolean]>([
  ['bash', 'bash', true],
  ['bash', 'bash-completion', false],
  ['bash*', 'bash-completion', true],
  ['*', 'anything', true],
  ['*-libs', 'openssl-libs', true],
  ['*-libs', 'openssl-libs-static', false],
  ['lib?', 'liba', true],
  ['lib?', 'lib', false],
  ['lib[ab]', 'libb', true],
  ['lib[!ab]', 'libb', false],
  ['lib[^ab]', 'libb', false],
  ['lib[a-c]x', 'libcx', true],
  ['lib[]]', 'lib]', true],
  ['libstdc++', 'libstdc++', true],
  ['libstdc+*', 'libstdc++-devel', true],
  ['a.c', 'abc', false],
  ['bash.x86_64', 'bash', true],
  ['bash.i686', 'bash', false],
])('%s matches %s: %s', (pattern, name, expected) => {
  expect(packageMatcher(pattern)(x86(name))).toBe(expected);
});

it('takes no time to speak of for a hostile glob', () => {
  const hostile = packageMatcher(`${'*a'.repeat(60)}b`);
  const started = performance.now();
  expect(hostile(x86('a'.repeat(250)))).toBe(false);
  expect(performance.now() - started).toBeLessThan(50);
});

it('calls missing what no package but a source answers to', () => {
  const packages = [
    { name: 'bash', arch: 'x86_64', category: 'binary' as const },
    { name: 'only-source', arch: 'src', category: 'source' as const },
    { name: 'bash-debuginfo', arch: 'x86_64', category: 'debug' as const },
  ];
  expect(missingPackages(['bash', 'ba*', 'only-source', 'zsh', '*-libs', 'bash-debuginfo'], packages)).toEqual(['only-source', 'zsh', '*-libs']);
});
