// The event at which a compose takes its tags.

import type { Answer } from '../../upstreams/answer.ts';
import { checkEvent } from '../../upstreams/koji/event.ts';
import { findTag } from '../../upstreams/koji/tag.ts';
import { canonicalEvent, type TagScope } from './canonical-event.ts';
import type { KojiUpstreams } from './koji-lookup.ts';

/**
 * The requested event, at which all tags must exist; without one the latest of the tags' canonical events, because no
 * tag changed between its own and that one.
 */
export async function eventOfTags(
  { hub, events }: Pick<KojiUpstreams, 'hub' | 'events'>,
  tags: readonly TagScope[],
  requested: number | null,
  signal: AbortSignal,
): Promise<Answer<number>> {
  if (requested === null) {
    const found: number[] = [];
    for (const scope of tags) {
      const event = await canonicalEvent(hub, events, scope, signal);
      if ('failure' in event) return event;
      found.push(event.value);
    }
    return { value: Math.max(...found) };
  }
  const known = await checkEvent(hub, requested, signal);
  if ('failure' in known) return known;
  for (const { tag } of tags) {
    const found = await findTag(hub, tag, requested, signal);
    if ('failure' in found) return found;
  }
  return { value: requested };
}
