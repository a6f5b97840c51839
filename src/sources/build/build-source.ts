// Builds by name-version-release and scratch builds by task: they are what they are at any time, so no event is needed.

import { missingPackagesFailure } from '../../compose/package-failures.ts';
import { findScratchTasks } from '../../upstreams/koji/scratch-tasks.ts';
import { checkBuilds, identifyBuilds } from '../koji/builds.ts';
import { NOTHING, type Finding, type Look } from '../koji/tag-lookup.ts';

export async function lookAtBuilds(look: Look<'BUILD'>): Promise<Finding> {
  const { source } = look;
  const identified = await identifyBuilds(look);
  if ('failure' in identified) return identified;
  const { builds, scratchBuildTasks } = source;
  return { found: { source, fingerprint: identified.fingerprint, taken: { ...NOTHING, builds, scratchBuildTasks } } };
}

export async function resolveBuilds(look: Look<'BUILD'>): Promise<Finding> {
  const { source, upstreams, signal } = look;
  const identified = await identifyBuilds(look);
  if ('failure' in identified) return identified;
  const tasks =
    source.scratchBuildTasks.length === 0
      ? { value: [] }
      : await findScratchTasks(upstreams.hub, source.scratchBuildTasks, signal);
  if ('failure' in tasks) return tasks;
  const checked = await checkBuilds(look, identified.builds);
  if ('failure' in checked) return checked;
  // Which RPMs a scratch build made is for Pungi to find out.
  if (checked.missing.length > 0 && source.scratchBuildTasks.length === 0)
    return { failure: missingPackagesFailure(checked.missing, 'the builds') };
  const { builds, scratchBuildTasks } = source;
  return { found: { source, fingerprint: identified.fingerprint, taken: { ...NOTHING, builds, scratchBuildTasks } } };
}
