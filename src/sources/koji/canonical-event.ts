// The event of a tag that all composes share while nothing changes in the tag and in what it inherits. It is stored in a row
// that is replaced by compare-and-set; no lock is held during calls to the hub. The parents count without inheritance too,
// because their package lists, blocked packages among them, apply to the tag either way.

import { z } from 'zod';
import type { KojiEventStore } from '../../app/ports.ts';
import { RETRY_POLICIES } from '../../concurrency/retry-policies.ts';
import { retry } from '../../concurrency/retry.ts';
import type { Answer } from '../../upstreams/answer.ts';
import { lastEvent } from '../../upstreams/koji/event.ts';
import { faultFailure, isUnknownMethod } from '../../upstreams/koji/faults.ts';
import type { KojiHub } from '../../upstreams/koji/koji-hub.ts';
import { findTag } from '../../upstreams/koji/tag.ts';

export interface TagScope {
  readonly tag: string;
  /** Whether what the tag inherits is a part of the compose. */
  readonly inheritance: boolean;
}

const link = z.object({ parent_id: z.number().int() });

export async function canonicalEvent(
  hub: KojiHub,
  store: KojiEventStore,
  { tag, inheritance }: TagScope,
  signal: AbortSignal,
): Promise<Answer<number>> {
  const profile = hub.profile.name;
  const compute = async () => {
    // Read before the hub is called, so that the stored event is never newer than the hub's last event.
    const known = await store.find(profile, tag, inheritance);
    const event = await currentEvent(hub, tag, known?.event ?? null, signal);
    if ('failure' in event || known?.event === event.value) return { event, stored: true };
    return { event, stored: await store.replace(known, { profile, tag, inheritance, event: event.value }) };
  };
  // An event that was never stored is still correct; composes at it share less.
  const { outcome } = await retry(RETRY_POLICIES['koji-event-race'], signal, compute, ({ stored }) => !stored);
  return outcome.event;
}

/** The known event if nothing changed since, else the tag's last change. */
async function currentEvent(
  hub: KojiHub,
  name: string,
  known: number | null,
  signal: AbortSignal,
): Promise<Answer<number>> {
  const last = await lastEvent(hub, signal);
  if ('failure' in last) return last;
  const tag = await findTag(hub, name, last.value, signal);
  if ('failure' in tag) return tag;
  const { id } = tag.value;
  const inheritanceCall = { method: 'getFullInheritance', args: [id], kwargs: { event: last.value } };
  const parents = await hub.callRows(inheritanceCall, link, signal);
  if ('failure' in parents) return parents;
  const ids = [...new Set([id, ...parents.value.map(({ parent_id }) => parent_id)])];
  // An event beyond the hub's last is from before the hub's database was restored, or from another hub.
  const valid = known !== null && known <= last.value ? known : null;
  if (valid !== null) {
    const changed = await hub.call({ method: 'tagChangedSinceEvent', args: [valid, ids] }, z.boolean(), signal);
    if ('failure' in changed) return changed;
    if (!changed.value) return { value: valid };
  }
  const change = await lastChange(hub, ids, last.value, signal);
  // The change may be newer than `last`; then the known event is still right.
  return 'failure' in change ? change : { value: Math.max(change.value, valid ?? 0) };
}

/** The last change of any of the tags up to `event`; `event` itself if the hub does not support the call. */
async function lastChange(
  hub: KojiHub,
  ids: readonly number[],
  event: number,
  signal: AbortSignal,
): Promise<Answer<number>> {
  const method = 'tagLastChangeEvent';
  const calls = ids.map((id) => ({ method, args: [id], kwargs: { before: event + 1, inherit: false } }));
  const results = await hub.callEach(calls, z.number().int().nullable(), signal);
  if ('failure' in results) return results;
  const events: number[] = [];
  for (const result of results.value) {
    if ('value' in result) events.push(result.value ?? 0);
    else if (isUnknownMethod(result.fault)) return { value: event };
    else return { failure: faultFailure(result.fault, hub.profile, method) };
  }
  const newest = Math.max(...events);
  return { value: newest > 0 ? newest : event };
}
