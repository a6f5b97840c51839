// The rules that the event log has to keep, whatever died: each answers what breaks it.

import { composeMachine } from '../../../src/compose/machine.ts';
import type { History, LoggedEvent } from './history.ts';
import type { Records, Scenario } from './records.ts';

export type Rule = (history: History, records: Records) => Iterable<string>;

const FINAL: ReadonlySet<string> = new Set(['DONE', 'FAILED', 'REMOVED']);
const RECOVERY_MS = 15_000;
const HINDERS = /^worker-\S+ (freeze|freezeLong|halfOpen|partition|refuse)$/;

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

function* everyRequestEnds({ composes }: History, { asked }: Records): Iterable<string> {
  for (const { key, ids } of asked.values()) {
    for (const id of ids) {
      const compose = composes.get(id);
      if (!compose) yield `compose ${id} of ${key} was promised to a client and is not there`;
      else if (!FINAL.has(compose.state)) yield `compose ${id} is still ${compose.state}`;
    }
  }
}

function* oneComposePerKey({ composes }: History, { asked }: Records): Iterable<string> {
  const byKey = Map.groupBy(composes.values(), ({ key }) => key);
  for (const [key, made] of byKey) if (made.length > 1) yield `${key} made ${made.map(({ id }) => id).join(', ')}`;
  for (const { key, ids } of asked.values()) if (ids.size > 1) yield `${key} was answered with ${[...ids].join(', ')}`;
}

function* legalWalks({ composes, eventsOf }: History): Iterable<string> {
  const legal = legalPairs();
  for (const { id, state } of composes.values()) {
    let at: string | null = null;
    for (const { kind, from, to, seq } of eventsOf(id)) {
      if (kind !== 'STATE_CHANGED') continue;
      if (from !== at && !(from === null && at === null)) yield `compose ${id}: event ${seq} leaves ${from}, where it was ${at}`;
      if (!legal.has(`${from} → ${to}`)) yield `compose ${id}: ${from} → ${to} is no transition`;
      at = to;
    }
    if (at !== state) yield `compose ${id} is ${state}, its events end at ${at}`;
  }
}

function* gapless({ composes, eventsOf }: History): Iterable<string> {
  for (const { id, seq } of composes.values()) {
    const seqs = eventsOf(id).map((event) => event.seq);
    if (seqs.length !== seq || seqs.some((each, index) => each !== index + 1)) yield `compose ${id}: seq ${seqs.join(' ')}, its row says ${seq}`;
  }
}

function* positionsRise({ events }: History): Iterable<string> {
  const seen = new Set<number>();
  for (const { position, id, seq } of events) {
    if (position <= 0 || seen.has(position)) yield `event ${id}/${seq} has position ${position}`;
    seen.add(position);
  }
}

/** Attempts rise by one at each begin, and only the last one begun ends it. */
function* attemptsFence({ composes, eventsOf }: History): Iterable<string> {
  for (const { id } of composes.values()) {
    let attempt = 0;
    for (const event of eventsOf(id)) {
      const begins = event.to === 'GENERATING' && event.reuses === null;
      const wanted = begins ? attempt + 1 : attempt;
      if (event.attempt !== wanted) yield `compose ${id}: event ${event.seq} is of attempt ${event.attempt}, not ${wanted}`;
      attempt = event.attempt;
    }
  }
}

function* cancelsHold({ composes, eventsOf }: History, { canceled }: Records): Iterable<string> {
  for (const { id } of composes.values()) {
    const events = eventsOf(id);
    const requested = events.findIndex(({ kind }) => kind === 'CANCEL_REQUESTED');
    const next = requested < 0 ? undefined : events.slice(requested + 1).find(({ kind }) => kind === 'STATE_CHANGED');
    if (requested >= 0 && next?.failure?.code !== 'CANCELED') yield `compose ${id}: after the request to cancel came ${next?.to} ${next?.failure?.code}`;
    if (canceled.has(id) && !events.some(({ failure }) => failure?.code === 'CANCELED')) yield `compose ${id} was said to be canceled`;
  }
}

const MAY_FAIL_BY_ENGINE: ReadonlySet<Scenario> = new Set(['fails', 'dies']);

/** WORKER_LOST and CANCELED are the harness's doing; anything else must be the scenario's. */
function* trueReasons({ events }: History, records: Records): Iterable<string> {
  for (const { id, to, failure } of events) {
    if (to !== 'FAILED' || failure?.code === 'CANCELED' || failure?.code === 'WORKER_LOST') continue;
    const scenario = records.scenarioOf(id);
    const expected = failure?.code === 'ENGINE_FAILED' && (scenario === null || MAY_FAIL_BY_ENGINE.has(scenario) || records.enginesKilled.has(id));
    if (!expected) yield `compose ${id} (${scenario}) FAILED with ${JSON.stringify(failure)}`;
  }
}

/** Nobody missed an event, nobody was told one twice. */
function* subscribersSawAll({ events, eventsOf }: History, { subscribers }: Records): Iterable<string> {
  for (const { name, id, from, seen } of subscribers) {
    const log = id === null ? events : untilDone(eventsOf(id)).filter(({ seq }) => seq > from);
    const told = seen.map((event) => `${event.id}/${event.seq}`);
    const logged = log.map((event) => `${event.id}/${event.seq}`);
    if (told.length === logged.length && told.every((each, index) => each === logged[index])) continue;
    const missed = logged.filter((each) => !told.includes(each));
    const repeated = told.filter((each, index) => told.indexOf(each) !== index);
    const unknown = told.filter((each) => !logged.includes(each));
    const short = (list: readonly string[]) => `${list.length}${list.length > 0 ? ` (${list.slice(0, 5).join(' ')})` : ''}`;
    yield `${name}: missed ${short(missed)}, repeated ${short(repeated)}, not in the log ${short(unknown)}, of ${logged.length} from seq ${from}`;
  }
}

function untilDone(events: readonly LoggedEvent[]): readonly LoggedEvent[] {
  const end = events.findIndex(({ to }) => to !== null && FINAL.has(to));
  return end < 0 ? events : events.slice(0, end + 1);
}

export interface Recovery {
  readonly id: string;
  readonly ms: number;
  /** Faults of other workers that hinder a recovery: they hold it, or are to take it. Other kills do not. */
  readonly disturbedBy: readonly string[];
}

/** From each kill to the next GENERATING or end of what was held. */
export function recoveriesOf({ eventsOf }: History, { kills, disturbances }: Records): readonly Recovery[] {
  return kills.flatMap(({ at, held }) =>
    held.flatMap(({ id, attempt }) => {
      const events = eventsOf(id);
      const before = events.findLast((event) => event.kind === 'STATE_CHANGED' && event.at <= at);
      // It ended between the look and the kill.
      if (before?.to !== 'GENERATING' || before.attempt !== attempt) return [];
      const next = events.find((event) => event.at > at && (event.to === 'GENERATING' || (event.to !== null && FINAL.has(event.to))));
      const until = next?.at ?? Number.POSITIVE_INFINITY;
      const disturbedBy = disturbances.filter(({ what, from, to }) => from < until && to > at && HINDERS.test(what)).map(({ what }) => what);
      return [{ id, ms: until - at, disturbedBy }];
    }),
  );
}

/** Whatever else fails meanwhile may cost its own time once more. */
function* recovers(history: History, records: Records): Iterable<string> {
  for (const { id, ms, disturbedBy } of recoveriesOf(history, records)) {
    if (ms > RECOVERY_MS * (1 + disturbedBy.length)) yield `compose ${id} was generated again after ${ms} ms${disturbedBy.length > 0 ? ` (${disturbedBy.join(', ')})` : ''}`;
  }
}

export const RULES: Readonly<Record<string, Rule>> = {
  'every accepted request ends': everyRequestEnds,
  'one compose per idempotency key': oneComposePerKey,
  'histories are legal walks': legalWalks,
  'seq is gapless': gapless,
  'positions rise': positionsRise,
  'attempts fence': attemptsFence,
  'cancels hold': cancelsHold,
  'failures have true reasons': trueReasons,
  'subscribers see all, once': subscribersSawAll,
  'recovery within 15 s': recovers,
};
