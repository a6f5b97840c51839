// Composes fail for what was done to them, and for nothing else.

import { attemptStories, countsAsLoss, isLoss, type History, type LoggedEvent } from '../history.ts';
import type { Disturbance, Records, Scenario } from '../records.ts';

/** ODCS_MAX_LOST_WORKERS of the runs. */
const MAX_LOSSES = 3;
const MAY_FAIL_BY_ENGINE: ReadonlySet<Scenario> = new Set(['fails', 'dies']);
/** What keeps a process from refreshing its lease. */
const SILENCING: ReadonlySet<string> = new Set(['freeze', 'freezeLong', 'halfOpen', 'partition', 'refuse']);
/**
 * A lease of 6 s is not lost by less than this, even where the refreshes around it come late because the machine is busy,
 * and not by what was longer ago than that.
 */
const SILENT_MS = 2_000;
const REMEMBERED_MS = 20_000;

export function* cancelsHold({ composes, eventsOf }: History, { canceled, cancelsAsked }: Records): Iterable<string> {
  for (const { id } of composes.values()) {
    const events = eventsOf(id);
    const requested = events.findIndex(({ kind }) => kind === 'CANCEL_REQUESTED');
    const next = requested < 0 ? undefined : events.slice(requested + 1).find(({ kind }) => kind === 'STATE_CHANGED');
    if (requested >= 0 && next?.failure?.code !== 'CANCELED')
      yield `compose ${id}: after the request to cancel came ${next?.to} ${next?.failure?.code}`;
    const isCanceled = events.some(({ failure }) => failure?.code === 'CANCELED');
    if (canceled.has(id) && !isCanceled) yield `compose ${id} was said to be canceled`;
    if (isCanceled && !cancelsAsked.has(id)) yield `compose ${id} was canceled by nobody`;
  }
}

export function* trueReasons(history: History, records: Records): Iterable<string> {
  for (const event of history.events) {
    if (event.to !== 'FAILED' || event.failure?.code === 'CANCELED') continue;
    if (!isExpected(event, history, records))
      yield `compose ${event.id} (${scenarioOf(event.id, history, records)}) FAILED with ${JSON.stringify(event.failure)}`;
  }
}

function isExpected({ id, reuses, failure }: LoggedEvent, history: History, records: Records): boolean {
  // A sharer fails with its root.
  const root = reuses ?? id;
  if (failure?.code === 'WORKER_LOST') return history.eventsOf(root).filter(countsAsLoss).length === MAX_LOSSES;
  const scenario = scenarioOf(id, history, records);
  return (
    failure?.code === 'ENGINE_FAILED' &&
    ((scenario !== null && MAY_FAIL_BY_ENGINE.has(scenario)) || records.enginesKilled.has(root))
  );
}

function scenarioOf(id: string, { composes }: History, { asked }: Records): Scenario | null {
  return asked.get(composes.get(id)?.key ?? '')?.scenario ?? null;
}

/** A worker is lost when it was killed, or silent for long enough; it loses the database when that was kept from it; and no other. */
export function* lossesHaveACause(history: History, records: Records): Iterable<string> {
  for (const { id, attempt, pid, ended } of attemptStories(history)) {
    if (pid === null) yield `compose ${id}: nobody saw who began attempt ${attempt}`;
    if (!ended || !(isLoss(ended) || countsAsLoss(ended))) continue;
    const meanwhile = records.disturbances.filter(
      (each) => each.pid === pid && each.from < ended.at && each.to > ended.at - REMEMBERED_MS,
    );
    if (!isLoss(ended)) {
      if (meanwhile.length === 0)
        yield `compose ${id}: attempt ${attempt} of process ${pid} lost a database that was there`;
      continue;
    }
    const killed = records.kills.some((kill) => kill.pid === pid && kill.at <= ended.at);
    const silent = silence(
      meanwhile.filter(({ fault }) => SILENCING.has(fault)),
      ended.at,
    );
    if (!killed && silent < SILENT_MS)
      yield `compose ${id}: attempt ${attempt} was taken from process ${pid}, which was silent for ${Math.round(silent)} ms`;
  }
}

function silence(disturbances: readonly Disturbance[], until: number): number {
  return disturbances.reduce(
    (sum, { from, to }) => sum + Math.min(to, until) - Math.max(from, until - REMEMBERED_MS),
    0,
  );
}
