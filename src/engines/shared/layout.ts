// Paths in a compose, laid out like Pungi does it. All are relative to `compose/`.

import { VARIANT } from '../../compose/productmd.ts';
import type { RpmCategory } from '../../compose/rpm-package.ts';

/** A directory with repodata/. */
export interface Tree {
  /** Repository id for dnf. */
  readonly id: string;
  readonly category: RpmCategory;
  /** Null for the source tree, which all arches share. */
  readonly arch: string | null;
  readonly path: string;
}

export function treeOf(category: RpmCategory, arch: string): Tree {
  switch (category) {
    case 'binary':
      return { id: `os-${arch}`, category, arch, path: `${VARIANT}/${arch}/os` };
    case 'debug':
      return { id: `debug-${arch}`, category, arch, path: `${VARIANT}/${arch}/debug/tree` };
    case 'source':
      return { id: 'source', category, arch: null, path: `${VARIANT}/source/tree` };
  }
}

/** All trees of a compose. Each exists, even without packages. */
export function treesOf(arches: readonly string[]): readonly Tree[] {
  return [...arches.flatMap((arch) => [treeOf('binary', arch), treeOf('debug', arch)]), treeOf('source', '')];
}

export function packagePath(tree: Tree, file: string): string {
  return `${tree.path}/${pathInTree(file)}`;
}

export function pathInTree(file: string): string {
  return `Packages/${file.slice(0, 1).toLowerCase()}/${file}`;
}
