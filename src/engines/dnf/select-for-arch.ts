// Selects the packages of one arch in a thread, and provides the package content that the selection asks for.

import { join } from 'node:path';
import type { PackageDownloads, PackageReader, ProcessRunner } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { requestedPackages } from '../../compose/sources/descriptors.ts';
import { runInThread, threadModule } from '../../concurrency/worker-thread.ts';
import type { ArchInput } from './arch-input.ts';
import { downloadPackages } from './download-packages.ts';
import type { ArchSelection, SelectionResult, SelectionTask } from './selection-thread.ts';

interface SelectForArchTask {
  readonly compose: Compose;
  readonly input: ArchInput;
  /** Directory of downloaded packages, by checksum. */
  readonly downloads: string;
  readonly scratch: string;
  readonly tools: SelectionTools;
  readonly signal: AbortSignal;
}

export interface SelectionTools {
  readonly downloads: PackageDownloads;
  /** Reads Koji's packages; null without Koji. */
  readonly reader: PackageReader | null;
  readonly run: ProcessRunner;
}

/** Writes the files of `input`. Rejects after an abort. */
export async function selectForArch(task: SelectForArchTask): Promise<ArchSelection | ComposeFailure> {
  const { input, downloads, signal, tools } = task;
  const readIndexes: string[] = [];
  // Each round has the content of more packages, so that the loop ends.
  for (;;) {
    const selection = selectionTask(task, readIndexes);
    const result = await runInThread<SelectionResult>({
      module: threadModule(import.meta.url, 'selection-thread'),
      input: selection,
      signal,
    });
    switch (result.type) {
      case 'selected':
        return result;
      case 'needs-files': {
        const failed = await downloadPackages({
          packages: result.packages,
          from: input.repository.location,
          to: downloads,
          downloads: tools.downloads,
          signal,
        });
        if (failed) return failed;
        break;
      }
      case 'needs-reading': {
        const read = await readPackages(task, selection.unreadIndex, readIndexes.length);
        if ('failure' in read) return read.failure;
        readIndexes.push(read.packageIndex);
      }
    }
  }
}

async function readPackages(
  { compose, input, downloads, scratch, tools: { reader, run }, signal }: SelectForArchTask,
  packages: string,
  round: number,
): ReturnType<PackageReader['read']> {
  if (!reader)
    return { failure: failure('INTERNAL', 'The dnf engine got packages of Koji, but has no reader for them') };
  return reader.read({
    compose,
    repository: input.repository,
    packages,
    downloadDirectory: downloads,
    scratch: join(scratch, `read-${input.arch}-${round}`),
    run,
    signal,
  });
}

function selectionTask(
  { compose, input, downloads, scratch }: SelectForArchTask,
  readIndexes: readonly string[],
): SelectionTask {
  const { arch, repository, lookasides, planFile, metadataRequest } = input;
  return {
    request: {
      arch,
      names: requestedPackages(compose.source),
      followDependencies: !compose.flags.includes('NO_DEPS'),
      multilib: compose.multilibArches.includes(arch) ? compose.multilibMethods : [],
      isPackageSet: repository.isPackageSet,
    },
    packageIndex: repository.packageIndex,
    readIndexes,
    lookasideIndexes: lookasides.map(({ packageIndex }) => packageIndex),
    root: repository.isLocal ? repository.location : null,
    downloads,
    planFile,
    metadataRequest,
    unreadIndex: join(scratch, `unread-${arch}`),
  };
}
