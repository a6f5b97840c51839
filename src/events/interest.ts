// Which events and progress a follower gets. The rules are those of the statements in store/event-log.ts, and a test compares
// the two.

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

/** A filter of states matches an event that leads into or out of one of them, or that happens in one without a change. */
export function matchesEvent(interest: Interest, { event, compose }: FeedItem): boolean {
  return matches(interest, compose, [event.from, event.to ?? event.snapshot.state]);
}

export function matchesProgress(interest: Interest, compose: Compose): boolean {
  return matches(interest, compose, [compose.state]);
}

function matches(
  { composeId, filter, policy }: Interest,
  compose: Compose,
  states: readonly (ComposeState | null)[],
): boolean {
  if (!isReadable(compose, policy) || (composeId !== undefined && composeId !== compose.id)) return false;
  if (!filter) return true;
  return (
    isAnyOf(filter.ids, compose.id) &&
    isAnyOf(filter.owners, compose.owner) &&
    (filter.states === undefined || states.some((state) => state !== null && filter.states?.includes(state))) &&
    isAnyOf(filter.sourceTypes, compose.source.type) &&
    isAnyOf(filter.composeTypes, compose.composeType) &&
    (filter.source === undefined || filter.source === sourceKey(compose.source)) &&
    (filter.label === undefined || filter.label === compose.label) &&
    (filter.pungiComposeId === undefined || filter.pungiComposeId === compose.pungiComposeId) &&
    (filter.submittedAfter === undefined || compose.submittedAt > filter.submittedAfter) &&
    (filter.submittedBefore === undefined || compose.submittedAt < filter.submittedBefore)
  );
}

function isAnyOf<T>(values: readonly T[] | undefined, value: T): boolean {
  return values === undefined || values.includes(value);
}
