// What goes wrong in a run, and when: by chance, by the seed. At any time at least one api and one worker process are
// let alone, so that what was promised can be asked for.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet, Place } from './fleet.ts';
import { randomOf, type Random } from './random.ts';
import type { Disturbance, Records } from './records.ts';

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

const WORKER_FAULTS = { kill: 30, freeze: 3, freezeLong: 1, cut: 3, halfOpen: 2, partition: 2, refuse: 1, stop: 2, hurry: 1, killEngine: 1 } as const;
const API_FAULTS = { kill: 3, freeze: 2, cut: 4, halfOpen: 2, partition: 2, refuse: 1, stop: 2 } as const;
type Fault = keyof typeof WORKER_FAULTS | keyof typeof API_FAULTS;

/** Until the signal aborts; then every fault is taken back, and every place has its process. */
export async function makeFaults(options: FaultOptions): Promise<void> {
  const { fleet, seed, signal, pace, log } = options;
  const random = randomOf(seed, 'faults');
  const underWay = new Set<Promise<void>>();
  while (!signal.aborted) {
    await sleep(random.between(...pace), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    // All that chance decides is decided here, in order, whatever takes how long.
    const role = random.chance(0.7) ? 'worker' : 'api';
    const fault: Fault = role === 'worker' ? random.pickOf(WORKER_FAULTS) : random.pickOf(API_FAULTS);
    const lasting = durationOf(fault, random);
    const free = fleet.places.filter((place) => place.role === role && !place.busy && place.process);
    const victim = free[Math.floor(random.next() * free.length)];
    if (free.length < 2 || !victim) continue;
    log(`${victim.name} ${fault} ${Math.round(lasting)} ms`);
    victim.busy = true;
    const done = inflict(options, victim, fault, lasting).finally(() => {
      victim.busy = false;
      underWay.delete(done);
    });
    underWay.add(done);
  }
  await Promise.all(underWay);
}

function durationOf(fault: Fault, random: Random): number {
  switch (fault) {
    case 'freeze':
      return random.between(300, 4_000);
    case 'freezeLong':
      return random.between(6_500, 9_000);
    case 'partition':
    case 'refuse':
      return random.between(500, 7_000);
    default:
      return random.between(0, 1_000);
  }
}

async function inflict(options: FaultOptions, place: Place, fault: Fault, lasting: number): Promise<void> {
  const { fleet, records } = options;
  records.count(`${place.role} ${fault}`);
  if (fault === 'kill') return killAndRevive(options, place, lasting);
  if (fault === 'killEngine') return killEngine(options);
  const disturbance: Disturbance = { what: `${place.name} ${fault}`, from: Date.now(), to: Number.POSITIVE_INFINITY };
  records.disturbances.push(disturbance);
  try {
    await disturb(fleet, place, fault, lasting);
  } finally {
    disturbance.to = Date.now();
  }
}

async function disturb(fleet: Fleet, place: Place, fault: Exclude<Fault, 'kill' | 'killEngine'>, lasting: number): Promise<void> {
  const { proxy } = place;
  switch (fault) {
    case 'freeze':
    case 'freezeLong':
      place.process?.child.kill('SIGSTOP');
      await sleep(lasting);
      return void place.process?.child.kill('SIGCONT');
    case 'cut':
      return proxy.cut();
    case 'halfOpen':
      // It takes the process some seconds to notice.
      proxy.halfOpen();
      await sleep(8_000);
      return;
    case 'partition':
      proxy.freeze();
      await sleep(lasting);
      return proxy.restore();
    case 'refuse':
      proxy.refuse();
      await sleep(lasting);
      return proxy.restore();
    case 'stop':
    case 'hurry':
      await fleet.stop(place, fault === 'hurry');
      return fleet.revive(place);
  }
}

async function killAndRevive({ fleet, records, query }: FaultOptions, place: Place, pause: number): Promise<void> {
  const pid = place.process?.child.pid ?? 0;
  const held = await query<{ id: string; attempt: number }>(
    "select c.id, c.attempt from compose c join worker w on w.id = c.worker_id where w.pid = $1 and c.state = 'GENERATING'",
    [pid],
  );
  const at = Date.now();
  await fleet.kill(place);
  if (place.role === 'worker') records.kills.push({ at, held });
  await sleep(pause);
  await fleet.revive(place);
}

/** As the kernel does when memory is short. */
async function killEngine({ query, records }: FaultOptions): Promise<void> {
  const [group] = await query<{ compose_id: string; pgid: number }>('select compose_id, pgid from process_group order by random() limit 1');
  if (!group) return;
  records.enginesKilled.add(group.compose_id);
  try {
    process.kill(-group.pgid, 'SIGKILL');
  } catch {
    // It was faster.
  }
}
