// The figures of a run.

import { isLoss, type History } from './history.ts';
import type { Records } from './records.ts';
import { recoveriesOf, waitsOf } from './rules/recovery.ts';

/** A file system's timestamps may be this much behind the clock. */
const CLOCK_TICK_MS = 10;

interface Distribution {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Times in milliseconds. */
export interface Figures {
  readonly workerKills: number;
  readonly killsOfHolders: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly recoveries: Distribution;
  /** Recoveries that no other fault delayed. */
  readonly undelayed: Distribution;
  /** From WAIT to the next state. */
  readonly waits: Distribution;
  /** From the start of a process until it serves; shows how busy the machine was. */
  readonly starts: Distribution;
  readonly composes: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
  readonly attempts: Readonly<Record<string, number>>;
  readonly losses: number;
  readonly published: number;
  /** Composes of which a second directory was published after they were DONE. */
  readonly publishedTwice: number;
  readonly events: number;
  readonly subscribers: number;
  readonly connections: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly longestMs: Readonly<Record<string, number>>;
}

export function figuresOf(history: History, records: Records): Figures {
  const recoveries = recoveriesOf(history, records);
  const ends = history.events.filter(({ to }) => to === 'FAILED');
  const composes = [...history.composes.values()];
  const kills = records.kills.filter(({ role }) => role === 'worker');
  const stops = [
    ...records.kills.map(({ role }) => `${role} kill`),
    ...records.disturbances.map(({ role, fault }) => `${role} ${fault}`),
  ];
  return {
    workerKills: kills.length,
    killsOfHolders: new Set(recoveries.map(({ kill }) => kill)).size,
    faults: tally(stops),
    recoveries: distribution(recoveries.map(({ ms }) => ms)),
    undelayed: distribution(recoveries.filter(({ delayedBy }) => delayedBy.length === 0).map(({ ms }) => ms)),
    waits: distribution(waitsOf(history, records).map(({ ms }) => ms)),
    starts: distribution(records.starts.map(({ ms }) => ms)),
    composes: tally(composes.map(({ state }) => state)),
    failures: tally(ends.map(({ failure }) => failure?.code ?? 'none')),
    attempts: tally(composes.map(({ id }) => String(history.eventsOf(id).at(-1)?.attempt ?? 0))),
    losses: history.events.filter(isLoss).length,
    published: records.publications.length,
    publishedTwice: countPublishedTwice(history, records),
    events: history.events.length,
    subscribers: records.subscribers.length,
    connections: records.subscribers.reduce((sum, { connections }) => sum + connections, 0),
    counts: tallied(records.counts),
    longestMs: tallied(records.longestDurations),
  };
}

/** Composes of which a second directory was published after they were DONE. */
function countPublishedTwice({ eventsOf }: History, { publications }: Records): number {
  return [...Map.groupBy(publications, ({ id }) => id)].filter(([id, all]) => {
    const done = eventsOf(id).find(({ to }) => to === 'DONE');
    return done && all.filter(({ at }) => at >= done.at - CLOCK_TICK_MS).length > 1;
  }).length;
}

function distribution(values: readonly number[]): Distribution {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

function tallied(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function tally(values: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    [...Map.groupBy(values, (value) => value)]
      .map(([value, all]) => [value, all.length] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
