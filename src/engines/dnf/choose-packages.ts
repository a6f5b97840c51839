// Has the packages of one arch chosen, off the event loop; what has to be looked into for that is brought here first.

import type { OpenedRepository, PackageDownloads } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import { runInThread, threadModule } from '../../worker-thread.ts';
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
  readonly downloads: PackageDownloads;
  readonly signal: AbortSignal;
}

export async function choosePackages(task: ChooseTask): Promise<Extract<GatherResult, { type: 'chosen' }> | ComposeFailure> {
  const { compose, arch, repository, lookasides, plan, known, brought, downloads, signal } = task;
  const input: GatherTask = {
    request: {
      arch,
      names: 'packages' in compose.source ? compose.source.packages : [],
      followDependencies: !compose.flags.includes('NO_DEPS'),
      multilib: compose.multilibArches.includes(arch) ? compose.multilibMethods : [],
    },
    packageIndex: repository.packageIndex,
    lookasideIndexes: lookasides.map(({ packageIndex }) => packageIndex),
    root: repository.isLocal ? repository.location : null,
    downloads: brought,
    plan,
    known,
  };
  const module = threadModule(import.meta.url, 'gather-thread');
  for (;;) {
    const result = await runInThread<GatherResult>({ module, input, signal });
    if (result.type === 'chosen') return result;
    const failed = await downloadPackages({ packages: result.packages, from: repository.location, to: brought, downloads, signal });
    if (failed) return failed;
  }
}
