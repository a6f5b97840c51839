// Resolves a BUILD source: builds by name-version-release and scratch builds by task. Neither changes, so no event is needed.

import { missingPackagesFailure } from '../../compose/package-failures.ts';
import { findScratchTasks } from '../../upstreams/koji/scratch-tasks.ts';
import { EMPTY_SELECTION, type KojiLookup, type KojiLookupAnswer } from '../koji/koji-lookup.ts';
import { KojiSourceResolver } from '../koji/koji-source-resolver.ts';
import { checkBuilds, identifyBuilds } from '../koji/requested-builds.ts';

type BuildLookup = KojiLookup<'BUILD'>;

export class BuildSourceResolver extends KojiSourceResolver<'BUILD'> {
  protected readonly type = 'BUILD';

  protected async identifySource(lookup: BuildLookup): Promise<KojiLookupAnswer> {
    const identified = await identifyBuilds(lookup);
    return 'failure' in identified ? identified : resultOf(lookup, identified.value.fingerprint);
  }

  protected async resolveSource(lookup: BuildLookup): Promise<KojiLookupAnswer> {
    const { source, upstreams, signal } = lookup;
    const identified = await identifyBuilds(lookup);
    if ('failure' in identified) return identified;
    const tasks = await findScratchTasks(upstreams.hub, source.scratchBuildTasks, signal);
    if ('failure' in tasks) return tasks;
    const missing = await checkBuilds(lookup, identified.value.builds);
    if ('failure' in missing) return missing;
    // Only Pungi can find the RPMs of scratch builds.
    if (missing.value.length > 0 && source.scratchBuildTasks.length === 0)
      return { failure: missingPackagesFailure(missing.value, 'the builds') };
    return resultOf(lookup, identified.value.fingerprint);
  }
}

function resultOf({ source }: BuildLookup, fingerprint: readonly string[]): KojiLookupAnswer {
  const { builds, scratchBuildTasks } = source;
  return { value: { source, fingerprint, selection: { ...EMPTY_SELECTION, builds, scratchBuildTasks } } };
}
