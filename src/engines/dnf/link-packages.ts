// Verifies the planned packages and links them into the compose, in a thread.

import type { ComposeFailure } from '../../compose/failure.ts';
import { runInThread, threadModule } from '../../concurrency/worker-thread.ts';
import type { LinkMode } from '../shared/link-file.ts';
import { percentOf } from '../shared/phase-progress.ts';
import type { DnfAttempt } from './dnf-attempt.ts';
import type { LinkProgress, LinkResult, LinkTask } from './link-thread.ts';

export async function linkPackages(
  { generation, arches, downloads, target }: DnfAttempt,
  mode: LinkMode,
  signal: AbortSignal,
): Promise<ComposeFailure | null> {
  const { sigkeys } = generation.compose;
  generation.progress(55, 'LINK');
  const input: LinkTask = {
    arches: arches.map(({ arch, planFile, manifestPart, repository }) => ({
      arch,
      planFile,
      manifestPart,
      root: repository.isLocal ? repository.location : null,
    })),
    downloads,
    target,
    mode,
    sigkeys,
    // With Koji and an empty sigkey, the resolver preferred copies with the sigkeys, but may have taken any other copy.
    acceptsAnySignature: sigkeys.includes('') && arches.every(({ repository }) => repository.isPackageSet),
  };
  const result = await runInThread<LinkResult, LinkProgress>({
    module: threadModule(import.meta.url, 'link-thread'),
    input,
    signal,
    onReport: ({ done, total }) =>
      generation.progress(percentOf(done, total, 55, 70), 'LINK', `${done} of ${total} packages`),
  });
  if ('failure' in result) return result.failure;
  const { reflink, hardlink, copy } = result.counts;
  generation.log(`Packages in the compose: ${reflink} reflinked, ${hardlink} hard-linked, ${copy} copied\n`);
  return null;
}
