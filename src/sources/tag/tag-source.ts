// A tag at an event: the one asked for (or stored when the compose was first taken), else the canonical one, at which all
// composes of the tag are taken for as long as nothing changes in it.

import { binaryArches } from '../../compose/arches.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import { canonicalEvent } from './canonical-event.ts';
import { checkEvent } from '../../upstreams/koji/event.ts';
import type { Asked } from '../../upstreams/koji/koji-hub.ts';
import { findScratchTasks } from '../../upstreams/koji/scratch-tasks.ts';
import { findTag } from '../../upstreams/koji/tag.ts';
import { checkPackages } from '../../upstreams/koji/tagged-packages.ts';
import { checkBuilds, identifyBuilds } from '../koji/builds.ts';
import { NOTHING, type Finding, type Look, type Upstreams } from '../koji/tag-lookup.ts';

type TagLook = Look<'TAG'>;

/** Cheap: whether the packages asked for are there is looked at when the compose is taken. */
export async function lookAtTag(look: TagLook): Promise<Finding> {
  const { source, upstreams, signal, compose } = look;
  const inheritance = !compose.flags.includes('NO_INHERITANCE');
  const event = await eventOf(
    upstreams,
    [{ tag: source.tag, inheritance }, ...source.modularTags.map((tag) => ({ tag, inheritance: true }))],
    source.kojiEvent,
    signal,
  );
  if ('failure' in event) return event;
  const builds = await identifyBuilds(look);
  if ('failure' in builds) return builds;
  return { found: foundAt(look, event.value, inheritance, builds.fingerprint) };
}

export async function resolveTag(look: TagLook): Promise<Finding> {
  const looked = await lookAtTag(look);
  if ('failure' in looked) return looked;
  const { source, upstreams, signal } = look;
  const tasks =
    source.scratchBuildTasks.length === 0
      ? { value: [] }
      : await findScratchTasks(upstreams.hub, source.scratchBuildTasks, signal);
  if ('failure' in tasks) return tasks;
  const builds = await identifyBuilds(look);
  if ('failure' in builds) return builds;
  const checked = await checkBuilds(look, builds.builds);
  if ('failure' in checked) return checked;
  const missing = await missingInTag(look, looked.found.taken, checked.missing);
  return missing ? { failure: missing } : looked;
}

function foundAt(
  { source }: TagLook,
  event: number,
  inheritance: boolean,
  builds: readonly string[],
): { readonly source: TagLook['source']; readonly fingerprint: readonly string[]; readonly taken: typeof NOTHING } {
  const { tag, scratchBuildTasks, modularTags } = source;
  return {
    source: { ...source, kojiEvent: event },
    fingerprint: [`event ${event}`, ...builds],
    taken: { ...NOTHING, event, tag, inheritance, builds: source.builds, scratchBuildTasks, modularTags },
  };
}

/** The last of what holds for each of the tags: none has changed between its own and that one. */
export async function eventOf(
  { hub, events }: Pick<Upstreams, 'hub' | 'events'>,
  tags: readonly { readonly tag: string; readonly inheritance: boolean }[],
  asked: number | null,
  signal: AbortSignal,
): Promise<Asked<number>> {
  if (asked !== null) {
    const known = await checkEvent(hub, asked, signal);
    if ('failure' in known) return known;
  }
  const found: number[] = [];
  for (const one of tags) {
    const at =
      asked === null ? await canonicalEvent(hub, events, one, signal) : await findTag(hub, one.tag, asked, signal);
    if ('failure' in at) return at;
    found.push(asked ?? ('event' in at.value ? at.value.event : 0));
  }
  return { value: Math.max(...found) };
}

/** What scratch builds and modules hold is for Pungi to find out. */
async function missingInTag(
  { source, compose, upstreams, signal }: TagLook,
  { event, inheritance }: typeof NOTHING,
  packages: readonly string[],
): Promise<ComposeFailure | null> {
  if (event === null || packages.length === 0 || source.scratchBuildTasks.length > 0 || source.modularTags.length > 0)
    return null;
  return checkPackages(
    upstreams.hub,
    { tag: source.tag, event, inheritance, packages, arches: binaryArches(compose.arches) },
    signal,
  );
}
