// Which packages fit a compose's arch: natively, or as multilib; and in which order they are preferred.

export interface ArchSet {
  /** All that fit, best first; noarch is last. */
  readonly order: readonly string[];
  readonly native: ReadonlySet<string>;
  /** Multilib or noarch. */
  readonly multilib: ReadonlySet<string>;
}

const INTEL_32 = ['athlon', 'i686', 'i586', 'i486', 'i386'];

const FAMILIES: Readonly<Record<string, { readonly native: readonly string[]; readonly multilib: readonly string[] }>> =
  {
    x86_64: { native: ['x86_64'], multilib: INTEL_32 },
    i386: { native: INTEL_32, multilib: [] },
    i686: { native: INTEL_32, multilib: [] },
    armhfp: { native: ['armv7hnl', 'armv7hl', 'armv6hl'], multilib: [] },
    ppc64: { native: ['ppc64'], multilib: ['ppc'] },
    s390x: { native: ['s390x'], multilib: ['s390'] },
  };

export function archSet(arch: string): ArchSet {
  const { native, multilib } = FAMILIES[arch] ?? { native: [arch], multilib: [] };
  return {
    order: [...native, ...multilib, 'noarch'],
    native: new Set([...native, 'noarch']),
    multilib: new Set([...multilib, 'noarch']),
  };
}
