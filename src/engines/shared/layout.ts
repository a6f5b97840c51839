// Where things lie in a compose, as Pungi lays it out: one variant, Temporary; all paths are relative to compose/.

import type { PlannedCategory } from '../dnf/plan.ts';

export const VARIANT = 'Temporary';

export interface Tree {
  /** Its name as a repository for dnf. */
  readonly id: string;
  readonly category: PlannedCategory;
  /** Null for the source tree, which all arches share. */
  readonly arch: string | null;
  readonly path: string;
}

export function treeOf(category: PlannedCategory, arch: string): Tree {
  switch (category) {
    case 'binary':
      return { id: `os-${arch}`, category, arch, path: `${VARIANT}/${arch}/os` };
    case 'debug':
      return { id: `debug-${arch}`, category, arch, path: `${VARIANT}/${arch}/debug/tree` };
    case 'source':
      return { id: 'source', category, arch: null, path: `${VARIANT}/source/tree` };
  }
}

/** All of them: each is there, if empty. */
export function treesOf(arches: readonly string[]): readonly Tree[] {
  return [...arches.flatMap((arch) => [treeOf('binary', arch), treeOf('debug', arch)]), treeOf('source', '')];
}

export function packagePath(tree: Tree, file: string): string {
  return `${tree.path}/${pathInTree(file)}`;
}

export function pathInTree(file: string): string {
  return `Packages/${file.slice(0, 1).toLowerCase()}/${file}`;
}
