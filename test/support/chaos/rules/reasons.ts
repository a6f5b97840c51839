// Composes fail, and workers are lost, only because of faults, cancellations and scenarios of the run.

import { attemptStories, countsAsLoss, isLoss, type History, type LoggedEvent } from '../history.ts';
import type { Disturbance, Records, Scenario } from '../records.ts';

/** ODCS_MAX_LOST_WORKERS of the runs. */
const MAX_LOSSES = 3;
const MAY_FAIL_BY_ENGINE: ReadonlySet<Scenario> = new Set(['fails', 'dies']);
/** Faults that keep a process from refreshing its lease. */
const SILENCING: ReadonlySet<string> = new Set(['freeze', 'freeze-long', 'half-open', 'partition', 'refuse']);
/** A lease of 6 s expires after no less silence than this, even if a busy machine delays refreshes. */
const MIN_SILENCE_MS = 2_000;
/** Faults that ended longer ago than this do not explain an expired lease. */
const RECENT_MS = 20_000;

export function* cancellationsHold(
  { composes, eventsOf }: History,
  { canceled, cancelRequests: cancelsAsked }: Records,
): Iterable<string> {
  for (const { id } of composes.values()) {
    const events = eventsOf(id);
    const requested = events.findIndex(({ kind }) => kind === 'CANCEL_REQUESTED');
    const next = requested < 0 ? undefined : events.slice(requested + 1).find(({ kind }) => kind === 'STATE_CHANGED');
    if (requested >= 0 && next?.failure?.code !== 'CANCELED')
      yield `compose ${id}: after the request to cancel came ${next?.to} ${next?.failure?.code}`;
    const isCanceled = events.some(({ failure }) => failure?.code === 'CANCELED');
    if (canceled.has(id) && !isCanceled) yield `compose ${id} was reported as canceled and was not`;
    if (isCanceled && !cancelsAsked.has(id)) yield `compose ${id} was canceled without a request`;
  }
}

export function* failuresHaveACause(history: History, records: Records): Iterable<string> {
  for (const event of history.events) {
    if (event.to !== 'FAILED' || event.failure?.code === 'CANCELED') continue;
    if (!isExpected(event, history, records))
      yield `compose ${event.id} (${scenarioOf(event.id, history, records)}) FAILED with ${JSON.stringify(event.failure)}`;
  }
}

function isExpected({ id, reuses, failure }: LoggedEvent, history: History, records: Records): boolean {
  // A reuser fails with its reused compose.
  const generated = reuses ?? id;
  if (failure?.code === 'WORKER_LOST') return history.eventsOf(generated).filter(countsAsLoss).length === MAX_LOSSES;
  const scenario = scenarioOf(id, history, records);
  return (
    failure?.code === 'ENGINE_FAILED' &&
    ((scenario !== null && MAY_FAIL_BY_ENGINE.has(scenario)) || records.enginesKilled.has(generated))
  );
}

function scenarioOf(id: string, { composes }: History, { requests: asked }: Records): Scenario | null {
  return asked.get(composes.get(id)?.key ?? '')?.scenario ?? null;
}

/** A worker is lost only if it was killed or silent for long enough, and loses the database only during a fault. */
export function* lossesHaveACause(history: History, records: Records): Iterable<string> {
  for (const { id, attempt, pid, ended } of attemptStories(history)) {
    if (pid === null) yield `compose ${id}: attempt ${attempt} has no claim`;
    if (!ended || !(isLoss(ended) || countsAsLoss(ended))) continue;
    const faults = records.disturbances.filter(
      (each) => each.pid === pid && each.from < ended.at && each.to > ended.at - RECENT_MS,
    );
    if (!isLoss(ended)) {
      if (faults.length === 0)
        yield `compose ${id}: attempt ${attempt} of process ${pid} lost the database without a fault`;
      continue;
    }
    const killed = records.kills.some((kill) => kill.pid === pid && kill.at <= ended.at);
    const silent = silence(
      faults.filter(({ fault }) => SILENCING.has(fault)),
      ended.at,
    );
    if (!killed && silent < MIN_SILENCE_MS)
      yield `compose ${id}: attempt ${attempt} was reclaimed from process ${pid}, which was silent for ${Math.round(silent)} ms`;
  }
}

function silence(disturbances: readonly Disturbance[], until: number): number {
  return disturbances.reduce((sum, { from, to }) => sum + Math.min(to, until) - Math.max(from, until - RECENT_MS), 0);
}
