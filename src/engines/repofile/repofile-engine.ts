// The engine for composes of repositories that another service (Pulp) serves. It writes a .repo file, merges repositories that
// need one URL with mergerepo_c, and writes repodata for empty ones. It copies no packages.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine, Generation, Logger } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { directoryName } from '../../compose/compose-id.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { VARIANT } from '../../compose/productmd.ts';
import { mapFailFast } from '../../concurrency/map-fail-fast.ts';
import { createRepodata } from '../shared/create-repodata.ts';
import { percentOf } from '../shared/phase-progress.ts';
import { orCanceled, runTool, toolFailure, type ToolContext } from '../shared/run-tool.ts';
import { DnfToolVersions } from '../shared/tool-versions.ts';

interface RepofileEngineOptions {
  /** PATH that finds mergerepo_c and createrepo_c. */
  readonly path: string;
  /** The text of the .repo file for a compose's own repositories. */
  readonly ownRepoFile: (compose: Compose) => string;
  readonly logger: Logger;
}

const MERGE_CONCURRENCY = 2;

export function createRepofileEngine(options: RepofileEngineOptions): Engine {
  const tools = new DnfToolVersions(options.path);
  return {
    name: 'repofile',
    isLight: true,
    async info() {
      const { createrepo } = await tools.get();
      return {
        name: 'repofile',
        version: createrepo && `createrepo_c ${createrepo}`,
        sourceTypes: ['PULP'],
        // Most composes need no tool. An attempt that needs one fails when the tool is missing.
        available: true,
      };
    },
    generate: (generation) => orCanceled(generation.signal, () => generate(generation, options)),
  };
}

async function generate(
  generation: Generation,
  { path, logger, ownRepoFile }: RepofileEngineOptions,
): Promise<ComposeFailure | null> {
  const { compose, directory, input, signal } = generation;
  const { repoFile } = input;
  if (!repoFile) return failure('INTERNAL', `The repofile engine got a source of type ${compose.source.type}`);
  const context = { path, generation, signal, logger };
  const target = join(directory, 'compose', VARIANT);
  await mkdir(target, { recursive: true });
  const { merges, empty } = repoFile;
  generation.progress(20, 'MERGE');
  let done = 0;
  const unmerged = await mapFailFast(merges, MERGE_CONCURRENCY, signal, async (merge, stop) => {
    const failed = await mergeInto(join(target, merge.directory), merge.urls, { ...context, signal: stop });
    done += 1;
    generation.progress(percentOf(done, merges.length, 20, 80), 'MERGE', `${done} of ${merges.length} repositories`);
    return failed;
  });
  if (unmerged) return unmerged;
  generation.progress(80, 'CREATEREPO');
  for (const name of empty) {
    await mkdir(join(target, name), { recursive: true });
    const failed = await createRepodata(join(target, name), {}, context);
    if (failed) return failed;
  }
  await writeFile(join(target, `${directoryName(compose.id)}.repo`), repoFile.text ?? ownRepoFile(compose));
  await writeFile(join(directory, 'STATUS'), 'FINISHED\n');
  return null;
}

async function mergeInto(
  output: string,
  urls: readonly string[],
  context: ToolContext,
): Promise<ComposeFailure | null> {
  await mkdir(output, { recursive: true });
  const args = ['--method=nvr', '--no-database', `--outputdir=${output}`, ...urls.map((url) => `--repo=${url}`)];
  const outcome = await runTool('mergerepo_c', args, context);
  const text = outcome.output.join('\n');
  const unreadable = /Downloading of repodata failed: (\S+)/.exec(text)?.[1];
  if (outcome.exitCode === 0 || unreadable === undefined) return toolFailure('mergerepo_c', outcome);
  if (/returned error: 4(?!29)\d\d/.test(text))
    return failure(
      'INVALID_SOURCE',
      `Pulp lists the repository ${unreadable}, but does not serve it. Report this to the administrators of Pulp.`,
      text,
    );
  return failure('UPSTREAM_UNAVAILABLE', `Pulp's repository ${unreadable} cannot be read. Try again later.`, text);
}
