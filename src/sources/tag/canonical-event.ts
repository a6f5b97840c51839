// The event that a compose of a tag is taken at when none was asked for: one and the same for as long as nothing changes in
// the tag and in all it inherits, whatever happens elsewhere in Koji. It is kept in a row, replaced by compare-and-set; no
// lock is held while the hub is asked. Without inheritance the parents count too: their lists of packages, blocked ones
// among them, hold for the tag either way.

import { z } from 'zod';
import type { KojiEventStore } from '../../app/ports.ts';
import { RETRY_POLICIES } from '../../concurrency/retry-policies.ts';
import { retry } from '../../concurrency/retry.ts';
import { lastEvent } from '../../upstreams/koji/event.ts';
import { isUnknownMethod, faultFailure } from '../../upstreams/koji/faults.ts';
import type { Asked, KojiHub } from '../../upstreams/koji/koji-hub.ts';
import { findTag, type KojiTag } from '../../upstreams/koji/tag.ts';

export interface TagAtEvent {
  readonly tag: KojiTag;
  readonly event: number;
}

const link = z.object({ parent_id: z.number().int() });

export async function canonicalEvent(
  hub: KojiHub,
  store: KojiEventStore,
  asked: { readonly tag: string; readonly inheritance: boolean },
  signal: AbortSignal,
): Promise<Asked<TagAtEvent>> {
  const profile = hub.profile.name;
  const compute = async () => {
    // Read before the hub is asked, so that the stored event is never newer than the hub's last event.
    const known = await store.find(profile, asked.tag, asked.inheritance);
    const seen = await lookAt(hub, asked.tag, known?.event ?? null, signal);
    if ('failure' in seen || known?.event === seen.value.event) return { seen, stored: true };
    const { event } = seen.value;
    return {
      seen,
      stored: await store.replace(known, { profile, tag: asked.tag, inheritance: asked.inheritance, event }),
    };
  };
  // An event that was never stored is still correct; composes at it share less.
  const { outcome } = await retry(RETRY_POLICIES['koji-event-race'], signal, compute, ({ stored }) => !stored);
  return outcome.seen;
}

async function lookAt(
  hub: KojiHub,
  name: string,
  known: number | null,
  signal: AbortSignal,
): Promise<Asked<TagAtEvent>> {
  const last = await lastEvent(hub, signal);
  if ('failure' in last) return last;
  const found = await findTag(hub, name, last.value, signal);
  if ('failure' in found) return found;
  const tag = found.value;
  const parents = await hub.askRows(
    { method: 'getFullInheritance', args: [tag.id], kwargs: { event: last.value } },
    link,
    signal,
  );
  if ('failure' in parents) return parents;
  const ids = [...new Set([tag.id, ...parents.value.map(({ parent_id }) => parent_id)])];
  // One beyond the hub's last belongs to a hub that was set back, or to another one of that name.
  const valid = known !== null && known <= last.value ? known : null;
  if (valid !== null) {
    const changed = await hub.ask({ method: 'tagChangedSinceEvent', args: [valid, ids] }, z.boolean(), signal);
    if ('failure' in changed) return changed;
    if (!changed.value) return { value: { tag, event: valid } };
  }
  const change = await lastChange(hub, ids, last.value, signal);
  if ('failure' in change) return change;
  // A change that came while we were looking is not in `last`: the known event is still the right one.
  return { value: { tag, event: Math.max(change.value, valid ?? 0) } };
}

/** The last change of any of the tags up to `event`; `event` itself where the hub cannot tell. */
async function lastChange(
  hub: KojiHub,
  ids: readonly number[],
  event: number,
  signal: AbortSignal,
): Promise<Asked<number>> {
  const method = 'tagLastChangeEvent';
  const questions = ids.map((id) => ({ method, args: [id], kwargs: { before: event + 1, inherit: false } }));
  const each = await hub.askEach(questions, z.number().int().nullable(), signal);
  if ('failure' in each) return each;
  const events: number[] = [];
  for (const entry of each.value) {
    if ('value' in entry) events.push(entry.value ?? 0);
    else if (isUnknownMethod(entry.fault)) return { value: event };
    else return { failure: faultFailure(entry.fault, hub.profile, method) };
  }
  const newest = Math.max(...events);
  return { value: newest > 0 ? newest : event };
}
