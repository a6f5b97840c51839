// What a follower wants to see. The same rules as the event log's SQL (store/event-log.ts); a test holds the two together.

import type { ComposeFilter, FeedItem } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import { isReadable, type ReadPolicy } from '../compose/read-policy.ts';
import type { ComposeState } from '../compose/vocabulary.ts';
import { sourceKey } from '../compose/sources/descriptors.ts';

export interface Interest {
  readonly composeId?: string;
  readonly filter?: ComposeFilter;
  readonly policy: ReadPolicy;
}

/** States let an event through that leads into or out of one of them; an event that changes none happened in one. */
export function wantsEvent(interest: Interest, { event, compose }: FeedItem): boolean {
  return wants(interest, compose, [event.from, event.to ?? event.snapshot.state]);
}

export function wantsProgress(interest: Interest, compose: Compose): boolean {
  return wants(interest, compose, [compose.state]);
}

function wants(
  { composeId, filter, policy }: Interest,
  compose: Compose,
  states: readonly (ComposeState | null)[],
): boolean {
  if (!isReadable(compose, policy) || (composeId !== undefined && composeId !== compose.id)) return false;
  if (!filter) return true;
  return (
    holds(filter.ids, compose.id) &&
    holds(filter.owners, compose.owner) &&
    (filter.states === undefined || states.some((state) => state !== null && filter.states?.includes(state))) &&
    holds(filter.sourceTypes, compose.source.type) &&
    holds(filter.composeTypes, compose.composeType) &&
    (filter.source === undefined || filter.source === sourceKey(compose.source)) &&
    (filter.label === undefined || filter.label === compose.label) &&
    (filter.pungiComposeId === undefined || filter.pungiComposeId === compose.pungiComposeId) &&
    (filter.submittedAfter === undefined || compose.submittedAt > filter.submittedAfter) &&
    (filter.submittedBefore === undefined || compose.submittedAt < filter.submittedBefore)
  );
}

function holds<T>(values: readonly T[] | undefined, value: T): boolean {
  return values === undefined || values.includes(value);
}
