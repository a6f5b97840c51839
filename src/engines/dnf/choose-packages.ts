// Has the packages of one arch chosen, off the event loop; what has to be looked into for that is brought here first.

import { join } from 'node:path';
import type { OpenedRepository, PackageDownloads, PackageReader, ProcessRunner } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { runInThread, threadModule } from '../../concurrency/worker-thread.ts';
import { downloadPackages } from './download.ts';
import type { GatherResult, GatherTask } from './gather-thread.ts';

export interface ChooseTask {
  readonly compose: Compose;
  readonly arch: string;
  readonly repository: OpenedRepository;
  readonly lookasides: readonly OpenedRepository[];
  /** Files that are written: see `GatherTask`. */
  readonly plan: string;
  readonly known: string;
  /** Directory of packages that were brought here. */
  readonly brought: string;
  /** A directory for what is learned on the way. */
  readonly scratch: string;
  readonly tools: ChooseTools;
  readonly signal: AbortSignal;
}

export interface ChooseTools {
  readonly downloads: PackageDownloads;
  /** For packages of Koji; null where there is no Koji. */
  readonly reader: PackageReader | null;
  readonly run: ProcessRunner;
}

type Chosen = Extract<GatherResult, { type: 'chosen' }>;

export async function choosePackages(task: ChooseTask): Promise<Chosen | ComposeFailure> {
  const { repository, brought, signal, tools } = task;
  const read: string[] = [];
  for (;;) {
    // Each round knows more packages than the one before, so that there is a last one.
    const input = gatherTask(task, read);
    const result = await runInThread<GatherResult>({
      module: threadModule(import.meta.url, 'gather-thread'),
      input,
      signal,
    });
    switch (result.type) {
      case 'chosen':
        return result;
      case 'needs': {
        const failed = await downloadPackages({
          packages: result.packages,
          from: repository.location,
          to: brought,
          downloads: tools.downloads,
          signal,
        });
        if (failed) return failed;
        break;
      }
      case 'unread': {
        const learned = await readUnread(task, input.unread, read.length);
        if ('failure' in learned) return learned.failure;
        read.push(learned.packageIndex);
      }
    }
  }
}

async function readUnread(
  { compose, repository, arch, brought, scratch, tools: { reader, run }, signal }: ChooseTask,
  packages: string,
  round: number,
): ReturnType<PackageReader['read']> {
  if (!reader) return { failure: failure('INTERNAL', 'There is nobody to look into packages of Koji') };
  return reader.read({
    compose,
    repository,
    packages,
    brought,
    scratch: join(scratch, `read-${arch}-${round}`),
    run,
    signal,
  });
}

function gatherTask(
  { compose, arch, repository, lookasides, plan, known, brought, scratch }: ChooseTask,
  read: readonly string[],
): GatherTask {
  return {
    request: {
      arch,
      names: 'packages' in compose.source ? compose.source.packages : [],
      followDependencies: !compose.flags.includes('NO_DEPS'),
      multilib: compose.multilibArches.includes(arch) ? compose.multilibMethods : [],
      isPackageSet: repository.isPackageSet,
    },
    packageIndex: repository.packageIndex,
    read,
    lookasideIndexes: lookasides.map(({ packageIndex }) => packageIndex),
    root: repository.isLocal ? repository.location : null,
    downloads: brought,
    plan,
    known,
    unread: join(scratch, `unread-${arch}`),
  };
}
