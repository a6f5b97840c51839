// What the history of each compose must be: it follows the state machine, ends, and has no gap in its numbers.

import { composeMachine } from '../../../../src/compose/machine.ts';
import type { History } from '../history.ts';
import type { Records } from '../records.ts';

export const FINAL: ReadonlySet<string> = new Set(['DONE', 'FAILED', 'REMOVED']);

/** The transitions `from → to` of the state machine. */
function legalPairs(): ReadonlySet<string> {
  const pairs = new Set(['null → WAIT']);
  for (const [from, state] of Object.entries(composeMachine.states)) {
    for (const transitions of state.transitions.values()) {
      for (const { target } of transitions) for (const { key } of target ?? []) pairs.add(`${from} → ${key}`);
    }
  }
  return pairs;
}

export function* everyRequestEnds({ composes }: History, { requests: asked }: Records): Iterable<string> {
  for (const { key, ids } of asked.values()) {
    for (const id of ids) if (!composes.has(id)) yield `compose ${id} of ${key} was accepted and does not exist`;
  }
  for (const { id, state, removing } of composes.values()) {
    if (!FINAL.has(state)) yield `compose ${id} is still ${state}`;
    if (removing && state !== 'REMOVED') yield `compose ${id} is still being removed`;
  }
}

/** A key has one compose, and each compose has the key of a request. */
export function* oneComposePerKey({ composes }: History, { requests: asked }: Records): Iterable<string> {
  const byKey = Map.groupBy(composes.values(), ({ key }) => key);
  for (const [key, made] of byKey) {
    if (made.length > 1) yield `${key} created ${made.map(({ id }) => id).join(', ')}`;
    if (key === null || !asked.has(key)) yield `no request for ${made.map(({ id }) => id).join(', ')}`;
  }
  for (const { key, ids } of asked.values()) if (ids.size > 1) yield `${key} was answered with ${[...ids].join(', ')}`;
}

export function* historiesFollowTheMachine({ composes, eventsOf }: History): Iterable<string> {
  const legal = legalPairs();
  for (const { id, state } of composes.values()) {
    let at: string | null = null;
    for (const { kind, from, to, seq } of eventsOf(id)) {
      if (kind !== 'STATE_CHANGED') continue;
      if (from !== at) yield `compose ${id}: event ${seq} leaves ${from}, the state was ${at}`;
      if (!legal.has(`${from} → ${to}`)) yield `compose ${id}: ${from} → ${to} is no transition`;
      at = to;
    }
    if (at !== state) yield `compose ${id} is ${state}, its events end at ${at}`;
  }
}

/** In the order of positions, which is the order of the feed. */
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

/** The attempt rises by one at each begin, and only the last attempt changes the compose. */
export function* attemptsRiseByOne({ composes, eventsOf }: History): Iterable<string> {
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
