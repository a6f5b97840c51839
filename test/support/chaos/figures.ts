// What a run came to, in figures.

import type { History } from './history.ts';
import type { Records } from './records.ts';
import { recoveriesOf } from './rules.ts';

export interface Figures {
  readonly workerKills: number;
  readonly killsOfHolders: number;
  readonly recoveries: { readonly count: number; readonly p50: number; readonly p95: number; readonly max: number };
  /** Those of them during which nothing else went wrong. */
  readonly undisturbed: { readonly count: number; readonly p50: number; readonly p95: number; readonly max: number };
  readonly composes: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
  readonly attempts: Readonly<Record<string, number>>;
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
  return {
    workerKills: records.kills.length,
    killsOfHolders: records.kills.filter(({ held }) => held.length > 0).length,
    recoveries: distribution(recoveries.map(({ ms }) => ms)),
    undisturbed: distribution(recoveries.filter(({ disturbedBy }) => disturbedBy.length === 0).map(({ ms }) => ms)),
    composes: tally(composes.map(({ state }) => state)),
    failures: tally(ends.map(({ failure }) => failure?.code ?? 'none')),
    attempts: tally(composes.map(({ id }) => String(history.eventsOf(id).at(-1)?.attempt ?? 0))),
    events: history.events.length,
    subscribers: records.subscribers.length,
    connections: records.subscribers.reduce((sum, { connections }) => sum + connections, 0),
    counts: Object.fromEntries([...records.counts].sort(([a], [b]) => (a < b ? -1 : 1))),
    longestMs: Object.fromEntries(records.longestTimes),
  };
}

function distribution(values: readonly number[]): { count: number; p50: number; p95: number; max: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}

function tally(values: readonly string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(values, (value) => value)].map(([value, all]) => [value, all.length] as const).sort(([a], [b]) => (a < b ? -1 : 1)));
}
