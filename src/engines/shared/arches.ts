// Which packages fit a compose's arch: natively, or as multilib; and in which order they are preferred.

import { binaryArches, treeArches } from '../../compose/arches.ts';

export interface ArchSet {
  /** All that fit, best first; noarch is last. */
  readonly order: readonly string[];
  readonly native: ReadonlySet<string>;
  /** Multilib or noarch. */
  readonly multilib: ReadonlySet<string>;
}

export function archSet(arch: string): ArchSet {
  const { native, multilib } = treeArches(arch);
  return {
    order: binaryArches([arch]),
    native: new Set([...native, 'noarch']),
    multilib: new Set([...multilib, 'noarch']),
  };
}
