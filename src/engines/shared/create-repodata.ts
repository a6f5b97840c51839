// Writes repodata/ with createrepo_c. It takes a package's metadata from the given directories, where the package has the
// same location there, and opens only the other packages: the metadata was verified like the packages.

import type { ComposeFailure } from '../../compose/failure.ts';
import { runTool, toolFailure, type ToolContext } from './run-tool.ts';

interface RepodataOptions {
  /** Directories with repodata/. */
  readonly metadata?: readonly string[];
  /** Path of a comps.xml. */
  readonly comps?: string | undefined;
}

export async function createRepodata(
  directory: string,
  { metadata = [], comps }: RepodataOptions,
  context: ToolContext,
): Promise<ComposeFailure | null> {
  const args = [
    '--quiet',
    '--no-database',
    '--checksum=sha256',
    '--unique-md-filenames',
    '--update',
    '--skip-stat',
    ...metadata.map((path) => `--update-md-path=${path}`),
    ...(comps === undefined ? [] : [`--groupfile=${comps}`]),
    '--workers=2',
    directory,
  ];
  return toolFailure('createrepo_c', await runTool('createrepo_c', args, context));
}
