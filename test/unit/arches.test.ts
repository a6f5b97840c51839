import { describe, expect, it } from 'vitest';
import { binaryArches, isSourceArch, treeArches } from '../../src/compose/arches.ts';
import { archSet } from '../../src/engines/shared/arches.ts';

const INTEL_32 = ['athlon', 'i686', 'i586', 'i486', 'i386'];

describe('treeArches', () => {
  it.each([
    ['x86_64', ['x86_64'], INTEL_32],
    ['i386', INTEL_32, []],
    ['i686', INTEL_32, []],
    ['armhfp', ['armv7hnl', 'armv7hl', 'armv6hl'], []],
    ['ppc64', ['ppc64p7', 'ppc64'], ['ppc']],
    ['s390x', ['s390x'], ['s390']],
    ['aarch64', ['aarch64'], []],
    ['ppc64le', ['ppc64le'], []],
    ['riscv64', ['riscv64'], []],
  ])('lists the arches of a tree for %s as Pungi does', (tree, native, multilib) => {
    expect(treeArches(tree)).toEqual({ native, multilib });
  });

  it.each(['x86_64_v2', 'x86_64_v3', 'x86_64_v4', 'amd64', 'ia32e'])(
    'keeps packages for %s out of a tree for x86_64',
    (arch) => {
      expect(binaryArches(['x86_64'])).not.toContain(arch);
    },
  );

  it('gives a tree for x86_64_v2 the packages of that arch only', () => {
    expect(binaryArches(['x86_64_v2'])).toEqual(['x86_64_v2', 'noarch']);
  });
});

describe('binaryArches', () => {
  it('names each arch of several trees once, best first, and noarch last', () => {
    expect(binaryArches(['x86_64', 'i386', 's390x'])).toEqual(['x86_64', ...INTEL_32, 's390x', 's390', 'noarch']);
  });

  it('is what the dnf engine chooses from, in the same order', () => {
    expect(archSet('ppc64').order).toEqual(binaryArches(['ppc64']));
  });
});

describe('isSourceArch', () => {
  it('holds for src and nosrc only', () => {
    expect(['src', 'nosrc', 'noarch', 'x86_64'].filter(isSourceArch)).toEqual(['src', 'nosrc']);
  });
});
