// Resolves a TAG source: the tag at an event, with the builds and scratch builds that the request adds to it.

import type { ComposeFailure } from '../../compose/failure.ts';
import { binaryArches } from '../../compose/arches.ts';
import { findScratchTasks } from '../../upstreams/koji/scratch-tasks.ts';
import { checkPackages } from '../../upstreams/koji/tagged-packages.ts';
import { eventOfTags } from '../koji/event-of-tags.ts';
import {
  EMPTY_SELECTION,
  type KojiLookup,
  type KojiLookupAnswer,
  type KojiLookupResult,
  type KojiSelection,
} from '../koji/koji-lookup.ts';
import { KojiSourceResolver } from '../koji/koji-source-resolver.ts';
import { checkBuilds, identifyBuilds } from '../koji/requested-builds.ts';

type TagLookup = KojiLookup<'TAG'>;

export class TagSourceResolver extends KojiSourceResolver<'TAG'> {
  protected readonly type = 'TAG';

  protected async identifySource(lookup: TagLookup): Promise<KojiLookupAnswer> {
    const { source, upstreams, signal, compose } = lookup;
    const inheritance = !compose.flags.includes('NO_INHERITANCE');
    const tags = [{ tag: source.tag, inheritance }, ...source.modularTags.map((tag) => ({ tag, inheritance: true }))];
    const event = await eventOfTags(upstreams, tags, source.kojiEvent, signal);
    if ('failure' in event) return event;
    const builds = await identifyBuilds(lookup);
    if ('failure' in builds) return builds;
    return { value: resultAt(lookup, event.value, inheritance, builds.value.fingerprint) };
  }

  protected async resolveSource(lookup: TagLookup): Promise<KojiLookupAnswer> {
    const identified = await this.identifySource(lookup);
    if ('failure' in identified) return identified;
    const { source, upstreams, signal } = lookup;
    const tasks = await findScratchTasks(upstreams.hub, source.scratchBuildTasks, signal);
    if ('failure' in tasks) return tasks;
    const builds = await identifyBuilds(lookup);
    if ('failure' in builds) return builds;
    const missing = await checkBuilds(lookup, builds.value.builds);
    if ('failure' in missing) return missing;
    const problem = await checkTag(lookup, identified.value.selection, missing.value);
    return problem ? { failure: problem } : identified;
  }
}

function resultAt(
  { source }: TagLookup,
  event: number,
  inheritance: boolean,
  builds: readonly string[],
): KojiLookupResult {
  const { tag, scratchBuildTasks, modularTags } = source;
  return {
    source: { ...source, kojiEvent: event },
    fingerprint: [`event ${event}`, ...builds],
    selection: { ...EMPTY_SELECTION, event, tag, inheritance, builds: source.builds, scratchBuildTasks, modularTags },
  };
}

/** `packages`: names that the builds do not have. With scratch builds or modules only Pungi can find them all. */
async function checkTag(
  { source, compose, upstreams, signal }: TagLookup,
  { event, inheritance }: KojiSelection,
  packages: readonly string[],
): Promise<ComposeFailure | null> {
  const { tag, scratchBuildTasks, modularTags } = source;
  if (event === null || packages.length === 0 || scratchBuildTasks.length > 0 || modularTags.length > 0) return null;
  const arches = binaryArches(compose.arches);
  return checkPackages(upstreams.hub, { tag, event, inheritance, packages, arches }, signal);
}
