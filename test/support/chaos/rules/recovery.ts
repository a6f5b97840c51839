// Whoever loses its worker has another in time, and nobody waits for long.

import { attemptStories, isLoss, type AttemptStory, type History } from '../history.ts';
import type { Kill, Records } from '../records.ts';

const RECOVERY_MS = 15_000;
/** Where something else hinders: what holds the locks is frozen or cut off, or the one that takes over is killed, too. */
const HINDERED_MS = 30_000;
const HINDERING: ReadonlySet<string> = new Set(['freeze', 'freezeLong', 'halfOpen', 'partition', 'refuse']);
const STOPPING: ReadonlySet<string> = new Set(['stop', 'hurry']);

export interface Recovery {
  readonly id: string;
  readonly attempt: number;
  readonly kill: Kill;
  /** Milliseconds to the next begin, or to the end. */
  readonly ms: number;
  readonly hinderedBy: readonly string[];
}

/** What a process held when it was killed: begun by it, and not ended by the time it was dead. */
function held({ pid, at, deadBy }: Kill, stories: readonly AttemptStory[]): readonly AttemptStory[] {
  return stories.filter(
    (story) => story.pid === pid && story.begun.at <= at && !(story.ended && story.ended.at <= deadBy),
  );
}

export function recoveriesOf(history: History, records: Records): readonly Recovery[] {
  const stories = attemptStories(history);
  return records.kills.flatMap((kill) =>
    held(kill, stories).map(({ id, attempt, ended, next }) => {
      const until = next?.at ?? Number.POSITIVE_INFINITY;
      return {
        id,
        attempt,
        kill,
        ms: until - kill.at,
        hinderedBy: hindrances(records, kill.at, ended?.at ?? kill.at, until),
      };
    }),
  );
}

/** From `from` to `until`; from `waits` on, whoever is killed or stopped may be the one that took it. */
function hindrances({ kills, disturbances }: Records, from: number, waits: number, until: number): readonly string[] {
  const others = disturbances.filter((each) =>
    HINDERING.has(each.fault)
      ? each.from < until && each.to > from
      : STOPPING.has(each.fault) && each.from < until && each.to > waits,
  );
  const killed = kills.filter(({ role, at, deadBy }) => role === 'worker' && deadBy > waits && at < until);
  return [
    ...others.map(({ place, fault }) => `${place} ${fault}`),
    ...killed.map(({ pid }) => `process ${pid} killed`),
  ];
}

/** How busy the machine was then. */
function slowness({ starts }: Records, from: number, until: number): string {
  const then = starts.filter(({ at, ms }) => at < until && at + ms > from).map(({ ms }) => ms);
  return then.length === 0 ? '' : `; processes took up to ${Math.max(...then)} ms to start`;
}

/** Each kill of whoever holds something is seen in the log. */
export function* killsShow(history: History, { kills }: Records): Iterable<string> {
  const stories = attemptStories(history);
  for (const kill of kills) {
    for (const { id, attempt, ended } of held(kill, stories)) {
      if (ended && !isLoss(ended))
        yield `compose ${id}: process ${kill.pid} was killed over attempt ${attempt}, and then came ${ended.from} → ${ended.to} (${ended.reason})`;
    }
  }
}

export function* recovers(history: History, records: Records): Iterable<string> {
  for (const { id, attempt, kill, ms, hinderedBy } of recoveriesOf(history, records)) {
    if (ms > (hinderedBy.length > 0 ? HINDERED_MS : RECOVERY_MS))
      yield `compose ${id}: attempt ${attempt} was recovered after ${Math.round(ms)} ms (hindered by ${hinderedBy.join(', ') || 'nothing'}${slowness(records, kill.at, kill.at + ms)})`;
  }
}

export interface Wait {
  readonly id: string;
  readonly seq: number;
  readonly from: number;
  readonly ms: number;
  readonly hinderedBy: readonly string[];
}

export function waitsOf({ composes, eventsOf }: History, records: Records): readonly Wait[] {
  return [...composes.keys()].flatMap((id) => {
    const changes = eventsOf(id).filter(({ kind }) => kind === 'STATE_CHANGED');
    return changes.flatMap(({ to, at, seq }, index) => {
      const until = changes[index + 1]?.at ?? Number.POSITIVE_INFINITY;
      return to === 'WAIT'
        ? [{ id, seq, from: at, ms: until - at, hinderedBy: hindrances(records, at, at, until) }]
        : [];
    });
  });
}

/** There are more slots than composes in these runs. */
export function* nobodyWaitsLong(history: History, records: Records): Iterable<string> {
  for (const { id, seq, from, ms, hinderedBy } of waitsOf(history, records)) {
    if (ms > (hinderedBy.length > 0 ? HINDERED_MS : RECOVERY_MS))
      yield `compose ${id} waited for ${Math.round(ms)} ms from event ${seq} on (hindered by ${hinderedBy.join(', ') || 'nothing'}${slowness(records, from, from + ms)})`;
  }
}
