// Repodata for each tree, by createrepo_c: from what the source's metadata tells of the packages, which was verified as
// they were, so that no RPM header is read again. createrepo_c knows a package again by its location, so that metadata has
// to be under the new ones.

import { join } from 'node:path';
import type { ComposeFailure } from '../../compose/failure.ts';
import { mapFailFast } from '../../concurrency/map-fail-fast.ts';
import type { Tree } from './layout.ts';
import { runTool, type ToolContext } from './run-tool.ts';

export interface RepodataTask {
  readonly trees: readonly Tree[];
  /** The compose's compose/. */
  readonly target: string;
  /** Directories with repodata/ that tell of the packages of an arch under the locations they have now. */
  readonly metadata: ReadonlyMap<string, string>;
  /** comps files for the trees of packages, by arch. */
  readonly groups: ReadonlyMap<string, string>;
  onTree(done: number): void;
}

const AT_A_TIME = 3;

export async function createRepodata(task: RepodataTask, context: ToolContext): Promise<ComposeFailure | null> {
  let done = 0;
  return await mapFailFast(task.trees, AT_A_TIME, context.signal, async (tree, signal) => {
    const known = [...task.metadata].filter(([arch]) => tree.arch === null || arch === tree.arch);
    const group = tree.category === 'binary' ? task.groups.get(tree.arch ?? '') : undefined;
    const failed = await runTool(
      'createrepo_c',
      [
        '--quiet',
        '--no-database',
        '--checksum=sha256',
        '--unique-md-filenames',
        '--update',
        '--skip-stat',
        ...known.map(([, directory]) => `--update-md-path=${directory}`),
        ...(group === undefined ? [] : [`--groupfile=${group}`]),
        '--workers=2',
        join(task.target, tree.path),
      ],
      { ...context, signal },
    );
    if (!failed) task.onTree(++done);
    return failed;
  });
}
