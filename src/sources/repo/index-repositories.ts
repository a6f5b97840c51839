// Writes an index of the packages of each repository, in a thread. Repositories of one arch are indexed together, because
// each index keeps the file paths that packages of any of them require.

import type { OpenedRepository } from '../../app/ports.ts';
import { treeArches } from '../../compose/arches.ts';
import type { Compose } from '../../compose/compose.ts';
import { runInThread, threadModule } from '../../concurrency/worker-thread.ts';
import type { Answer } from '../../upstreams/answer.ts';
import type { IndexResult, IndexTask } from './index-thread.ts';
import type { FoundRepository } from './open-repository.ts';

export interface IndexedRepository extends FoundRepository {
  /** The file that its packages are written to. */
  readonly packageIndex: string;
}

/** Paths by which Pungi's multilib methods decide; only the names of the files matter. */
const MULTILIB_FILES = { pattern: '^/(usr/)?lib(64)?/', arches: treeArches('x86_64').multilib };

/** `multilib`: also keeps the paths of `MULTILIB_FILES`. Answers the numbers of packages; rejects after an abort. */
export async function indexRepositories(
  repositories: readonly IndexedRepository[],
  multilib: boolean,
  signal: AbortSignal,
): Promise<Answer<readonly number[]>> {
  const input: IndexTask = {
    repositories: repositories.map(({ location, metadataDirectory, needed, isLocal, packageIndex }) => ({
      location,
      metadataDirectory,
      files: needed,
      isLocal,
      output: packageIndex,
    })),
    keepFiles: multilib ? MULTILIB_FILES : null,
  };
  return await runInThread<IndexResult>({ module: threadModule(import.meta.url, 'index-thread'), input, signal });
}

/** Whether the files of packages decide which of them are taken as multilib. */
export function choosesMultilib({ multilibArches, multilibMethods }: Compose, arch: string): boolean {
  return multilibArches.includes(arch) && multilibMethods.some((method) => method !== 'ALL');
}

export function fingerprintOf(arch: string, { repomdSha256 }: { readonly repomdSha256: string }): string {
  return `${arch} ${repomdSha256}`;
}

export function openedRepository(
  arch: string,
  { location, isLocal, revision, repomdSha256, metadataDirectory, packageIndex }: IndexedRepository,
): OpenedRepository {
  return { arch, location, isLocal, revision, repomdSha256, metadataDirectory, packageIndex, isPackageSet: false };
}
