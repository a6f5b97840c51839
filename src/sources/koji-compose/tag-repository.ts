// Koji's own repository of a tag, for an engine that reads repositories: what was tagged, or inherited, when it was made.

import { z } from 'zod';
import { failure } from '../../compose/failure.ts';
import type { Asked, KojiHub } from '../koji/koji-hub.ts';
import { findTag } from '../koji/tag.ts';
import type { Look } from './looking.ts';

export interface TagRepository {
  /** `$basearch` stands for the arch. */
  readonly location: string;
  readonly event: number;
}

const repo = z.object({ id: z.number().int(), create_event: z.number().int() });

/** The latest; the one of the event where the compose has one. */
export async function findTagRepository(repoUrl: string, { source, upstreams: { hub }, signal }: Look<'TAG'>): Promise<Asked<TagRepository>> {
  const { tag, kojiEvent } = source;
  const there = await findTag(hub, tag, null, signal);
  if ('failure' in there) return there;
  const found = await hub.ask({ method: 'getRepo', args: [tag], kwargs: kojiEvent === null ? {} : { event: kojiEvent } }, repo.nullable(), signal);
  if ('failure' in found) return found;
  if (!found.value || (kojiEvent !== null && found.value.create_event !== kojiEvent)) return { failure: failure('INVALID_SOURCE', notMade(hub, tag, kojiEvent)) };
  return { value: { location: `${repoUrl}/${encodeURIComponent(tag)}/${found.value.id}/$basearch`, event: found.value.create_event } };
}

function notMade(hub: KojiHub, tag: string, event: number | null): string {
  return `Koji (${hub.profile.name}) has no repository of tag “${tag}”${event === null ? '; have one made, or have an engine that needs none' : ` of event ${event}; ask for none, and get the latest`}`;
}
