// A compose that loses its worker gets another one in time, and no compose waits for long.

import { attemptStories, isLoss, type AttemptStory, type History } from '../history.ts';
import type { Kill, Records } from '../records.ts';

const RECOVERY_MS = 15_000;
/** If another fault delays it: the holder of a lock is frozen or cut off, or the next worker is killed as well. */
const DELAYED_RECOVERY_MS = 30_000;
const DELAYING: ReadonlySet<string> = new Set(['freeze', 'freeze-long', 'half-open', 'partition', 'refuse']);
const STOPPING: ReadonlySet<string> = new Set(['stop', 'stop-now']);

export interface Recovery {
  readonly id: string;
  readonly attempt: number;
  readonly kill: Kill;
  /** Milliseconds from the kill to the next begin, or to the end of the compose. */
  readonly ms: number;
  readonly delayedBy: readonly string[];
}

/** The attempts that a process ran when it was killed. */
function runningAttempts({ pid, at, deadBy }: Kill, stories: readonly AttemptStory[]): readonly AttemptStory[] {
  return stories.filter(
    (story) => story.pid === pid && story.begun.at <= at && !(story.ended && story.ended.at <= deadBy),
  );
}

export function recoveriesOf(history: History, records: Records): readonly Recovery[] {
  const stories = attemptStories(history);
  return records.kills.flatMap((kill) =>
    runningAttempts(kill, stories).map(({ id, attempt, ended, next }) => {
      const until = next?.at ?? Number.POSITIVE_INFINITY;
      return {
        id,
        attempt,
        kill,
        ms: until - kill.at,
        delayedBy: delays(records, kill.at, ended?.at ?? kill.at, until),
      };
    }),
  );
}

/** Faults from `from` to `until` that may delay a compose. From `waits` on, a killed or stopped worker may have taken it. */
function delays({ kills, disturbances }: Records, from: number, waits: number, until: number): readonly string[] {
  const others = disturbances.filter((each) =>
    DELAYING.has(each.fault)
      ? each.from < until && each.to > from
      : STOPPING.has(each.fault) && each.from < until && each.to > waits,
  );
  const killed = kills.filter(({ role, at, deadBy }) => role === 'worker' && deadBy > waits && at < until);
  return [
    ...others.map(({ instance, fault }) => `${instance} ${fault}`),
    ...killed.map(({ pid }) => `process ${pid} killed`),
  ];
}

/** How busy the machine was at that time. */
function slowness({ starts }: Records, from: number, until: number): string {
  const then = starts.filter(({ at, ms }) => at < until && at + ms > from).map(({ ms }) => ms);
  return then.length === 0 ? '' : `; processes took up to ${Math.max(...then)} ms to start`;
}

/** The event log shows a lost worker for each attempt that a killed process ran. */
export function* killsAreRecorded(history: History, { kills }: Records): Iterable<string> {
  const stories = attemptStories(history);
  for (const kill of kills) {
    for (const { id, attempt, ended } of runningAttempts(kill, stories)) {
      if (ended && !isLoss(ended))
        yield `compose ${id}: process ${kill.pid} was killed during attempt ${attempt}, and the next change is ${ended.from} → ${ended.to} (${ended.reason})`;
    }
  }
}

export function* recoversInTime(history: History, records: Records): Iterable<string> {
  for (const { id, attempt, kill, ms, delayedBy } of recoveriesOf(history, records)) {
    if (ms > (delayedBy.length > 0 ? DELAYED_RECOVERY_MS : RECOVERY_MS))
      yield `compose ${id}: attempt ${attempt} was recovered after ${Math.round(ms)} ms (delayed by ${delayedBy.join(', ') || 'nothing'}${slowness(records, kill.at, kill.at + ms)})`;
  }
}

export interface Wait {
  readonly id: string;
  readonly seq: number;
  readonly from: number;
  readonly ms: number;
  readonly delayedBy: readonly string[];
}

export function waitsOf({ composes, eventsOf }: History, records: Records): readonly Wait[] {
  return [...composes.keys()].flatMap((id) => {
    const changes = eventsOf(id).filter(({ kind }) => kind === 'STATE_CHANGED');
    return changes.flatMap(({ to, at, seq }, index) => {
      const until = changes[index + 1]?.at ?? Number.POSITIVE_INFINITY;
      return to === 'WAIT' ? [{ id, seq, from: at, ms: until - at, delayedBy: delays(records, at, at, until) }] : [];
    });
  });
}

/** Runs have more slots than open composes. */
export function* waitsAreShort(history: History, records: Records): Iterable<string> {
  for (const { id, seq, from, ms, delayedBy } of waitsOf(history, records)) {
    if (ms > (delayedBy.length > 0 ? DELAYED_RECOVERY_MS : RECOVERY_MS))
      yield `compose ${id} waited for ${Math.round(ms)} ms from event ${seq} on (delayed by ${delayedBy.join(', ') || 'nothing'}${slowness(records, from, from + ms)})`;
  }
}
