// The arches of the packages that fit a tree, as sets, from the table of arches (compose/arches.ts).

import { binaryArches, treeArches } from '../../compose/arches.ts';

export interface ArchSet {
  /** All fitting arches, best first; noarch is last. */
  readonly order: readonly string[];
  /** With noarch. */
  readonly native: ReadonlySet<string>;
  /** With noarch. */
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
