// The RPM arches of a tree, the per-arch directory of a compose. The facts are those of Pungi (arch.py), which Koji and
// yum share. A tree for x86_64 has no packages for x86_64_v2 to _v4, which not every x86_64 machine can install (rpmrc), nor
// for amd64 and ia32e, which yum ranks above x86_64.

export interface TreeArches {
  /** Of the tree's own word size, best first. */
  readonly native: readonly string[];
  /** Of the other word size, best first; empty where there is none. */
  readonly multilib: readonly string[];
}

const INTEL_32 = ['athlon', 'i686', 'i586', 'i486', 'i386'];

/** A tree that is not listed has packages of its own arch only. */
const TREES: Readonly<Record<string, TreeArches>> = {
  x86_64: { native: ['x86_64'], multilib: INTEL_32 },
  i386: { native: INTEL_32, multilib: [] },
  i686: { native: INTEL_32, multilib: [] },
  arm: { native: ['armv7l', 'armv6l', 'armv5tejl', 'armv5tel'], multilib: [] },
  armhfp: { native: ['armv7hnl', 'armv7hl', 'armv6hl'], multilib: [] },
  ppc64: { native: ['ppc64p7', 'ppc64'], multilib: ['ppc'] },
  s390x: { native: ['s390x'], multilib: ['s390'] },
};

/** Without `noarch` and the source arches. */
export function treeArches(tree: string): TreeArches {
  return TREES[tree] ?? { native: [tree], multilib: [] };
}

/** Arches of the binary RPMs that may be in one of these trees, multilib and `noarch` included. */
export function binaryArches(trees: readonly string[]): readonly string[] {
  const all = trees.map(treeArches).flatMap(({ native, multilib }) => [...native, ...multilib]);
  return [...new Set([...all, 'noarch'])];
}

export function isSourceArch(arch: string): boolean {
  return arch === 'src' || arch === 'nosrc';
}
