// Every subscriber got every event once, in the order of the log.

import type { History, LoggedEvent } from '../history.ts';
import type { Records } from '../records.ts';
import { FINAL } from './walks.ts';

export function* subscribersSawEveryEventOnce(
  { events, eventsOf }: History,
  { subscribers }: Records,
): Iterable<string> {
  for (const { name, id, from, events: received } of subscribers) {
    const log = id === null ? events : untilDone(eventsOf(id)).filter(({ seq }) => seq > from);
    const got = received.map((event) => `${event.id}/${event.seq}`);
    const logged = log.map((event) => `${event.id}/${event.seq}`);
    const known = new Map(log.map((event) => [`${event.id}/${event.seq}`, event]));
    for (const { id: of, seq, kind, state } of received) {
      const event = known.get(`${of}/${seq}`);
      if (event && (event.kind !== kind || event.state !== state))
        yield `${name}: got ${kind} ${state} for ${of}/${seq}, which is ${event.kind} ${event.state}`;
    }
    if (got.length === logged.length && got.every((each, index) => each === logged[index])) continue;
    const gotOnce = new Set(got);
    const missed = logged.filter((each) => !gotOnce.has(each));
    const repeated = got.filter((each, index) => got.indexOf(each) !== index);
    const unknown = got.filter((each) => !known.has(each));
    yield `${name}: missed ${short(missed)}, repeated ${short(repeated)}, not in the log ${short(unknown)}, or in another order; of ${logged.length} from seq ${from}`;
  }
}

function short(list: readonly string[]): string {
  return `${list.length}${list.length > 0 ? ` (${list.slice(0, 5).join(' ')})` : ''}`;
}

function untilDone(events: readonly LoggedEvent[]): readonly LoggedEvent[] {
  const end = events.findIndex(({ to }) => to !== null && FINAL.has(to));
  return end < 0 ? events : events.slice(0, end + 1);
}
