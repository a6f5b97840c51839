// A small run that keeps every rule; tests break one rule at a time. Its composes: one that lost a worker, one whose engine
// failed, one that was canceled, one that lost all its workers, and one that reuses the first one's result.

import { historyOf, type Claim, type FinalCompose, type History, type LoggedEvent } from './history.ts';
import { Records, type Scenario } from './records.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
export type SampleEvent = Mutable<LoggedEvent>;

export interface SampleRun {
  readonly events: SampleEvent[];
  readonly composes: Mutable<FinalCompose>[];
  readonly claims: Mutable<Claim>[];
  readonly records: Records;
  history(): History;
  event(id: string, seq: number): SampleEvent;
}

const LOST = {
  reason: 'Its worker was lost',
  stateReason: 'The worker was lost (loss 1 of at most 3). Waiting for another worker',
};
const failed = (code: string) => ({ failure: { code, message: code } });

export function sampleRun(): SampleRun {
  const run = emptyRun();
  compose(run, '1', 'slow', [
    [0, 'WAIT', {}],
    [100, 'GENERATING', { pid: 11 }],
    [7_000, 'WAIT', LOST],
    [7_100, 'GENERATING', { pid: 12 }],
    [9_000, 'DONE', {}],
  ]);
  compose(run, '2', 'fails', [
    [0, 'WAIT', {}],
    [200, 'GENERATING', { pid: 12 }],
    [900, 'FAILED', failed('ENGINE_FAILED')],
  ]);
  compose(run, '3', 'hangs', [
    [0, 'WAIT', {}],
    [300, 'GENERATING', { pid: 12 }],
    [800, null, { kind: 'CANCEL_REQUESTED' }],
    [2_000, 'FAILED', failed('CANCELED')],
  ]);
  compose(run, '4', 'slow', [
    [60_000, 'WAIT', {}],
    [60_100, 'GENERATING', { pid: 21 }],
    [67_000, 'WAIT', LOST],
    [67_200, 'GENERATING', { pid: 13 }],
    [76_000, 'WAIT', LOST],
    [76_100, 'GENERATING', { pid: 14 }],
    [83_000, 'FAILED', { ...LOST, ...failed('WORKER_LOST') }],
  ]);
  compose(run, '5', 'slow', [
    [0, 'WAIT', {}],
    [400, 'GENERATING', { reuses: '1' }],
    [9_100, 'DONE', { reuses: '1' }],
  ]);
  run.events.sort((a, b) => a.at - b.at || a.seq - b.seq);
  for (const [index, event] of run.events.entries()) event.position = index + 1;
  addRecords(run);
  return run;
}

/** Three kills, a freeze that outlasts the lease, a publication, and the events of two subscribers. */
function addRecords({ records, events }: SampleRun): void {
  for (const [pid, at] of [
    [11, 1_000],
    [21, 61_000],
    [14, 76_900],
  ] as const)
    records.kills.push({ role: 'worker', pid, at, deadBy: at + 10 });
  records.disturbances.push({
    fault: 'freeze-long',
    role: 'worker',
    instance: 'worker-1',
    pid: 13,
    from: 69_500,
    to: 77_500,
  });
  records.publications.push({ id: '1', attempt: 2, at: 9_001 });
  records.cancelRequests.add('3');
  records.canceled.add('3');
  const eventsOf = (of: readonly LoggedEvent[]) =>
    of.map(({ id, seq, kind, state }) => ({ id, seq, kind, state, cursor: `${id}/${seq}` }));
  records.subscribers.push({ name: 'of all', id: null, from: 0, events: eventsOf(events), connections: 1 });
  records.subscribers.push({
    name: 'of 1',
    id: '1',
    from: 2,
    events: eventsOf(events.filter(({ id, seq }) => id === '1' && seq > 2)),
    connections: 1,
  });
}

function emptyRun(): SampleRun {
  const [events, composes, claims]: [SampleEvent[], Mutable<FinalCompose>[], Mutable<Claim>[]] = [[], [], []];
  return {
    events,
    composes,
    claims,
    records: new Records(),
    history: () => historyOf(events, composes, claims),
    event(id, seq) {
      const found = events.find((event) => event.id === id && event.seq === seq);
      if (!found) throw new Error(`There is no event ${id}/${seq}`);
      return found;
    },
  };
}

type Step = readonly [at: number, to: string | null, more: Partial<LoggedEvent> & { readonly pid?: number }];

function compose(run: SampleRun, id: string, scenario: Scenario, steps: readonly Step[]): void {
  let state: string | null = null;
  let attempt = 0;
  for (const [index, [at, to, { pid, ...more }]] of steps.entries()) {
    if (pid !== undefined) attempt += 1;
    if (pid !== undefined) run.claims.push({ id, attempt, pid });
    const from: string | null = state;
    state = to ?? state;
    const changed = { from: to === null ? null : from, to };
    run.events.push({
      id,
      seq: index + 1,
      position: 0,
      kind: 'STATE_CHANGED',
      at,
      ...changed,
      reason: null,
      stateReason: '',
      state: state ?? '',
      attempt,
      reuses: null,
      failure: null,
      ...more,
    });
  }
  const reuses = steps.at(-1)?.[2].reuses ?? null;
  run.composes.push({ id, key: `k${id}`, state: state ?? '', seq: steps.length, removing: false, reuses });
  run.records.requests.set(`k${id}`, { key: `k${id}`, scenario, ids: new Set([id]) });
}
