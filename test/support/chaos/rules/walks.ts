// What a history has to be by itself: ends, legal walks, no gap in the numbers.

import { composeMachine } from '../../../../src/compose/machine.ts';
import type { History } from '../history.ts';
import type { Records } from '../records.ts';

export const FINAL: ReadonlySet<string> = new Set(['DONE', 'FAILED', 'REMOVED']);

/** From → to, as the machine itself has it. */
function legalPairs(): ReadonlySet<string> {
  const pairs = new Set(['null → WAIT']);
  for (const [from, state] of Object.entries(composeMachine.states)) {
    for (const transitions of state.transitions.values()) {
      for (const { target } of transitions) for (const { key } of target ?? []) pairs.add(`${from} → ${key}`);
    }
  }
  return pairs;
}

export function* everyRequestEnds({ composes }: History, { asked }: Records): Iterable<string> {
  for (const { key, ids } of asked.values()) {
    for (const id of ids)
      if (!composes.has(id)) yield `compose ${id} of ${key} was promised to a client and is not there`;
  }
  for (const { id, state, removing } of composes.values()) {
    if (!FINAL.has(state)) yield `compose ${id} is still ${state}`;
    if (removing && state !== 'REMOVED') yield `compose ${id} is still being removed`;
  }
}

/** Both ways: a key is one compose, and a compose is somebody's request. */
export function* oneComposePerKey({ composes }: History, { asked }: Records): Iterable<string> {
  const byKey = Map.groupBy(composes.values(), ({ key }) => key);
  for (const [key, made] of byKey) {
    if (made.length > 1) yield `${key} made ${made.map(({ id }) => id).join(', ')}`;
    if (key === null || !asked.has(key)) yield `nobody asked for ${made.map(({ id }) => id).join(', ')}`;
  }
  for (const { key, ids } of asked.values()) if (ids.size > 1) yield `${key} was answered with ${[...ids].join(', ')}`;
}

export function* legalWalks({ composes, eventsOf }: History): Iterable<string> {
  const legal = legalPairs();
  for (const { id, state } of composes.values()) {
    let at: string | null = null;
    for (const { kind, from, to, seq } of eventsOf(id)) {
      if (kind !== 'STATE_CHANGED') continue;
      if (from !== at) yield `compose ${id}: event ${seq} leaves ${from}, where it was ${at}`;
      if (!legal.has(`${from} → ${to}`)) yield `compose ${id}: ${from} → ${to} is no transition`;
      at = to;
    }
    if (at !== state) yield `compose ${id} is ${state}, its events end at ${at}`;
  }
}

/** In the order of positions, which is the order in which everybody is told. */
export function* gapless({ composes, eventsOf }: History): Iterable<string> {
  for (const { id, seq } of composes.values()) {
    const seqs = eventsOf(id).map((event) => event.seq);
    if (seqs.length !== seq || seqs.some((each, index) => each !== index + 1))
      yield `compose ${id}: seq ${seqs.join(' ')}, its row says ${seq}`;
  }
}

export function* positionsRise({ events }: History): Iterable<string> {
  const seen = new Set<number>();
  for (const { position, id, seq } of events) {
    if (position <= 0 || seen.has(position)) yield `event ${id}/${seq} has position ${position}`;
    seen.add(position);
  }
}

/** Attempts rise by one at each begin, and only the last one begun ends it. */
export function* attemptsFence({ composes, eventsOf }: History): Iterable<string> {
  for (const { id } of composes.values()) {
    let attempt = 0;
    for (const event of eventsOf(id)) {
      const begins = event.to === 'GENERATING' && event.reuses === null;
      const wanted = begins ? attempt + 1 : attempt;
      if (event.attempt !== wanted)
        yield `compose ${id}: event ${event.seq} is of attempt ${event.attempt}, not ${wanted}`;
      attempt = event.attempt;
    }
  }
}
