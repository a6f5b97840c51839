// Repodata for each tree, by createrepo_c: from what the source's metadata tells of the packages, which was verified as
// they were, so that no RPM header is read again.

import { join } from 'node:path';
import type { ComposeFailure } from '../../compose/failure.ts';
import { allOrNone } from './all-or-none.ts';
import type { Tree } from './layout.ts';
import { runTool, type ToolContext } from './tool.ts';

export interface RepodataTask {
  readonly trees: readonly Tree[];
  /** The compose's compose/. */
  readonly target: string;
  /** Directories with repodata/ of the sources, for each arch. */
  readonly metadata: ReadonlyMap<string, string>;
  onTree(done: number): void;
}

const AT_A_TIME = 3;

export async function createRepodata(task: RepodataTask, context: ToolContext): Promise<ComposeFailure | null> {
  let done = 0;
  return await allOrNone(task.trees, AT_A_TIME, context.signal, async (tree, signal) => {
    const known = tree.arch === null ? [...new Set(task.metadata.values())] : [task.metadata.get(tree.arch) ?? ''];
    const failed = await runTool(
      'createrepo_c',
      [
        '--quiet',
        '--no-database',
        '--checksum=sha256',
        '--unique-md-filenames',
        '--update',
        '--skip-stat',
        ...known.map((directory) => `--update-md-path=${directory}`),
        '--workers=2',
        join(task.target, tree.path),
      ],
      { ...context, signal },
    );
    if (!failed) task.onTree(++done);
    return failed;
  });
}
