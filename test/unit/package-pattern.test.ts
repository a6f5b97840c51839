import { describe, expect, it } from 'vitest';
import { missingPackages, packageMatcher, packagesNamed } from '../../src/compose/package-pattern.ts';
import { runInSlices } from '../../src/concurrency/slices.ts';
import { longestTurn } from '../support/longest-turn.ts';

/** Runs the generator to its end. */
function resultOf<T>(work: Generator<void, T, void>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

const x86 = (name: string) => ({ name, arch: 'x86_64' });

describe('packageMatcher', () => {
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
  ])('of %j answers %s with %s', (pattern, name, expected) => {
    expect(packageMatcher(pattern)(x86(name))).toBe(expected);
  });

  it('answers a hostile glob within 50 ms', () => {
    const hostile = packageMatcher(`${'*a'.repeat(60)}b`);
    const started = performance.now();
    expect(hostile(x86('a'.repeat(250)))).toBe(false);
    expect(performance.now() - started).toBeLessThan(50);
  });
});

describe('missingPackages', () => {
  it('lists the patterns that no binary package matches', () => {
    const packages = [
      x86('bash'),
      { name: 'only-source', arch: 'src' },
      { name: 'other-source', arch: 'nosrc' },
      x86('bash-debuginfo'),
    ];
    const patterns = [
      'bash',
      'bash.x86_64',
      'bash.i686',
      'ba*',
      'only-source',
      'o*',
      'zsh',
      '*-libs',
      'bash-debuginfo',
    ];
    expect(resultOf(missingPackages(patterns, packages))).toEqual(['bash.i686', 'only-source', 'o*', 'zsh', '*-libs']);
  });

  it('never blocks the event loop for 50 ms with 60,000 packages and many globs', { timeout: 60_000 }, async () => {
    const packages = Array.from({ length: 60_000 }, (_, index) => x86(`package-${index}`));
    const globs = Array.from({ length: 20 }, (_, index) => `*${index}-nothing`);
    const { value, ms } = await longestTurn(() =>
      runInSlices(missingPackages(globs, packages), new AbortController().signal),
    );
    expect(value).toEqual(globs);
    expect(ms).toBeLessThan(50);
  });
});

describe('packagesNamed', () => {
  it('finds packages by name, name.arch and glob', () => {
    const packages = [x86('bash'), x86('bash-libs'), x86('zsh'), { name: 'zsh', arch: 'i686' }];
    const named = resultOf(packagesNamed(['zsh.i686', '*-libs', 'absent'], packages));
    expect([...named]).toEqual([packages[1], packages[3]]);
  });
});
