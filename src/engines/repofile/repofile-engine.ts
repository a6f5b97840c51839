// The engine of composes that consist of other people's repositories: it writes a .repo file, has mergerepo_c merge what
// no single URL can stand for, and createrepo_c describe what is empty. No package is copied.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine, EngineInfo, Generation, Logger } from '../../app/ports.ts';
import { directoryName, type Compose } from '../../compose/compose.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { mapFailFast } from '../../concurrency/map-fail-fast.ts';
import { ToolsInfo } from '../shared/tools-info.ts';
import { minimalEnvironment, runProcess } from '../supervisor.ts';

export interface RepofileEngineOptions {
  /** PATH to find mergerepo_c and createrepo_c by. */
  readonly path: string;
  /** The text of the .repo file for repositories of the compose's own. */
  readonly ownRepoFile: (compose: Compose) => string;
  readonly logger: Logger;
}

/** The directory that repositories of a compose lie in. */
const VARIANT = 'Temporary';
const MERGES_AT_A_TIME = 2;
const LAST_LINES = 20;

export function createRepofileEngine(options: RepofileEngineOptions): Engine {
  const tools = new ToolsInfo(options.path);
  return {
    name: 'repofile',
    isLight: true,
    async info(): Promise<EngineInfo> {
      const { createrepo } = await tools.get();
      // Most of its composes need no tool at all; the attempt of one that does says what is missing.
      return {
        name: 'repofile',
        version: createrepo && `createrepo_c ${createrepo}`,
        sourceTypes: ['PULP'],
        available: true,
      };
    },
    generate: (generation) => generate(generation, options),
  };
}

async function generate(generation: Generation, options: RepofileEngineOptions): Promise<ComposeFailure | null> {
  const { compose, directory, input, signal } = generation;
  const { repoFile } = input;
  if (!repoFile) return failure('INTERNAL', `A source of type ${compose.source.type} is no .repo file`);
  const target = join(directory, 'compose', VARIANT);
  await mkdir(target, { recursive: true });
  try {
    generation.progress(20, 'MERGE');
    let done = 0;
    const merged = await mapFailFast(repoFile.merges, MERGES_AT_A_TIME, signal, async (merge, stop) => {
      const failed = await mergeInto(
        join(target, merge.directory),
        merge.urls,
        { ...generation, signal: stop },
        options,
      );
      done += 1;
      generation.progress(
        20 + (60 * done) / repoFile.merges.length,
        'MERGE',
        `${done} of ${repoFile.merges.length} repositories`,
      );
      return failed;
    });
    if (merged) return merged;
    generation.progress(80, 'CREATEREPO');
    for (const empty of repoFile.empty) {
      const failed = await describeEmpty(join(target, empty), generation, options);
      if (failed) return failed;
    }
  } catch (error) {
    if (signal.aborted) return failure('CANCELED', 'The compose was stopped');
    throw error;
  }
  await writeFile(join(target, `${directoryName(compose.id)}.repo`), repoFile.text ?? options.ownRepoFile(compose));
  await writeFile(join(directory, 'STATUS'), 'FINISHED\n');
  return null;
}

async function mergeInto(
  output: string,
  urls: readonly string[],
  generation: Generation,
  options: RepofileEngineOptions,
): Promise<ComposeFailure | null> {
  await mkdir(output, { recursive: true });
  const args = ['--method=nvr', '--no-database', `--outputdir=${output}`, ...urls.map((url) => `--repo=${url}`)];
  const { exitCode, lines } = await run('mergerepo_c', args, generation, options);
  if (exitCode === 0) return null;
  if (exitCode === 127)
    return failure('ENGINE_FAILED', 'mergerepo_c is not installed on the worker; tell an administrator');
  const told = lines.join('\n');
  const absent = /Downloading of repodata failed: (\S+)/.exec(told)?.[1];
  if (absent === undefined)
    return failure('ENGINE_FAILED', `mergerepo_c could not merge ${urls.join(', ')}`, told || null);
  if (/returned error: 4(?!29)\d\d/.test(told))
    return failure('INVALID_SOURCE', `Pulp names a repository that it does not serve: ${absent}`, told);
  return failure(
    'UPSTREAM_UNAVAILABLE',
    `The repository ${absent} that Pulp names could not be read; try again later`,
    told,
  );
}

async function describeEmpty(
  output: string,
  generation: Generation,
  options: RepofileEngineOptions,
): Promise<ComposeFailure | null> {
  await mkdir(output, { recursive: true });
  const { exitCode, lines } = await run('createrepo_c', ['--quiet', '--no-database', output], generation, options);
  if (exitCode === 0) return null;
  if (exitCode === 127)
    return failure('ENGINE_FAILED', 'createrepo_c is not installed on the worker; tell an administrator');
  return failure('ENGINE_FAILED', `createrepo_c ended with exit code ${exitCode}`, lines.join('\n') || null);
}

/** Rejects after an abort, when none of its processes is left. */
async function run(
  file: string,
  args: readonly string[],
  { scratch, signal, log, registerProcessGroup }: Generation,
  { path, logger }: RepofileEngineOptions,
): Promise<{ readonly exitCode: number | null; readonly lines: readonly string[] }> {
  const lines: string[] = [];
  const { exitCode, survivors } = await runProcess({
    file,
    args,
    cwd: scratch,
    env: minimalEnvironment(path, scratch),
    signal,
    onOutput(line) {
      log(`${file}: ${line}\n`);
      lines.push(line);
      if (lines.length > LAST_LINES) lines.shift();
    },
    registerProcessGroup,
  });
  if (survivors.length > 0) logger.error({ file, survivors }, 'Processes outlived SIGKILL');
  signal.throwIfAborted();
  return { exitCode, lines };
}
