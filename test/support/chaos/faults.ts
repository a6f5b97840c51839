// The faults of a run, drawn from its seed. At any time at least one api and one worker process have no fault, so that the
// service can keep its promises. Phases with kills only alternate with phases of all faults, so that some recoveries have
// no other fault in their way.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet, Instance } from './fleet.ts';
import { randomOf, type Random } from './random.ts';
import type { Disturbance, Records, Role } from './records.ts';

export interface FaultOptions {
  readonly fleet: Fleet;
  readonly records: Records;
  readonly seed: number;
  /** Milliseconds from one fault to the next. */
  readonly pace: readonly [from: number, to: number];
  readonly signal: AbortSignal;
  query<Row extends object>(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>;
  log(line: string): void;
}

type Fault =
  | 'kill'
  | 'freeze'
  | 'freeze-long'
  | 'cut'
  | 'half-open'
  | 'partition'
  | 'refuse'
  | 'stop'
  | 'stop-now'
  | 'kill-engine';
/** Weights of the faults. */
type Phase = Readonly<Record<Role, Readonly<Partial<Record<Fault, number>>>>>;

const ALL_FAULTS: Phase = {
  worker: {
    kill: 24,
    freeze: 3,
    'freeze-long': 2,
    cut: 3,
    'half-open': 2,
    partition: 3,
    refuse: 2,
    stop: 2,
    'stop-now': 1,
    'kill-engine': 2,
  },
  api: { kill: 3, freeze: 2, cut: 4, 'half-open': 2, partition: 2, refuse: 1, stop: 2 },
};
const KILLS: Phase = {
  worker: { kill: 24, cut: 2, stop: 2, 'stop-now': 1, 'kill-engine': 1 },
  api: { kill: 3, cut: 2, stop: 2 },
};
const FAULTS_PER_PHASE = 12;

/** Makes faults until the signal aborts; then ends all of them, and starts the processes that are missing. */
export async function makeFaults(options: FaultOptions): Promise<void> {
  const { fleet, seed, signal, pace, log } = options;
  const random = randomOf(seed, 'faults');
  const active = new Set<Promise<void>>();
  for (let number = 0; !signal.aborted; number += 1) {
    await sleep(random.between(...pace), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    // All random decisions are made here, in order, so that they do not depend on timing.
    const role = random.chance(0.7) ? 'worker' : 'api';
    const phase = Math.floor(number / FAULTS_PER_PHASE) % 2 === 0 ? KILLS : ALL_FAULTS;
    const fault = random.pickWeighted(phase[role]);
    const durationMs = durationOf(fault, random);
    const free = fleet.instances.filter(({ role: own, busy, process }) => own === role && !busy && process);
    const victim = free[Math.floor(random.next() * free.length)];
    if (free.length < 2 || !victim) continue;
    log(`${victim.name} ${fault} ${Math.round(durationMs)} ms`);
    victim.busy = true;
    const done = runFault(options, victim, fault, durationMs).finally(() => {
      victim.busy = false;
      active.delete(done);
    });
    active.add(done);
  }
  await Promise.all(active);
}

function durationOf(fault: Fault, random: Random): number {
  switch (fault) {
    case 'freeze':
      return random.between(300, 4_000);
    case 'freeze-long':
      return random.between(6_500, 9_000);
    case 'partition':
    case 'refuse':
      return random.between(500, 7_000);
    default:
      return random.between(0, 1_000);
  }
}

async function runFault(options: FaultOptions, instance: Instance, fault: Fault, durationMs: number): Promise<void> {
  const { fleet, records } = options;
  if (fault === 'kill') return killAndRestart(options, instance, durationMs);
  if (fault === 'kill-engine') return killEngine(options);
  const disturbance: Disturbance = {
    fault,
    role: instance.role,
    instance: instance.name,
    pid: instance.process?.child.pid ?? 0,
    from: Date.now(),
    to: Number.POSITIVE_INFINITY,
  };
  records.disturbances.push(disturbance);
  try {
    await disturb(fleet, instance, fault, durationMs);
  } finally {
    disturbance.to = Date.now();
  }
  if (instance.process) return;
  records.duration('stop', disturbance.to - disturbance.from);
  await fleet.restart(instance);
}

async function disturb(
  fleet: Fleet,
  instance: Instance,
  fault: Exclude<Fault, 'kill' | 'kill-engine'>,
  durationMs: number,
): Promise<void> {
  const { proxy } = instance;
  switch (fault) {
    case 'freeze':
    case 'freeze-long':
      instance.process?.child.kill('SIGSTOP');
      await sleep(durationMs);
      return void instance.process?.child.kill('SIGCONT');
    case 'cut':
      return proxy.cut();
    case 'half-open':
      // The process notices after some seconds.
      proxy.halfOpen();
      await sleep(8_000);
      return;
    case 'partition':
      proxy.freeze();
      await sleep(durationMs);
      return proxy.restore();
    case 'refuse':
      proxy.refuse();
      await sleep(durationMs);
      return proxy.restore();
    case 'stop':
    case 'stop-now':
      return fleet.stop(instance, fault === 'stop-now');
  }
}

async function killAndRestart({ fleet, records }: FaultOptions, instance: Instance, pauseMs: number): Promise<void> {
  const kill = await fleet.kill(instance);
  if (kill) records.kills.push(kill);
  await sleep(pauseMs);
  await fleet.restart(instance);
}

/** As the kernel does when memory runs out. */
async function killEngine({ query, records }: FaultOptions): Promise<void> {
  const [group] = await query<{ compose_id: string; pgid: number }>(
    'select compose_id, pgid from process_group order by random() limit 1',
  );
  if (!group) return;
  records.enginesKilled.add(group.compose_id);
  records.count('engines killed');
  try {
    process.kill(-group.pgid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
