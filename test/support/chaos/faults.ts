// What goes wrong in a run, and when: by chance, by the seed. At any time at least one api and one worker process are
// let alone, so that what was promised can be asked for. Spells in which processes only die take turns with spells of
// everything: so there are recoveries that nothing hinders, and recoveries that much does.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet, Place } from './fleet.ts';
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
  'kill' | 'freeze' | 'freezeLong' | 'cut' | 'halfOpen' | 'partition' | 'refuse' | 'stop' | 'hurry' | 'killEngine';
/** By weight. */
type Spell = Readonly<Record<Role, Readonly<Partial<Record<Fault, number>>>>>;

const ANYTHING: Spell = {
  worker: {
    kill: 24,
    freeze: 3,
    freezeLong: 2,
    cut: 3,
    halfOpen: 2,
    partition: 3,
    refuse: 2,
    stop: 2,
    hurry: 1,
    killEngine: 2,
  },
  api: { kill: 3, freeze: 2, cut: 4, halfOpen: 2, partition: 2, refuse: 1, stop: 2 },
};
const DEATHS: Spell = {
  worker: { kill: 24, cut: 2, stop: 2, hurry: 1, killEngine: 1 },
  api: { kill: 3, cut: 2, stop: 2 },
};
const FAULTS_IN_A_SPELL = 12;

/** Until the signal aborts; then every fault is taken back, and every place has its process. */
export async function makeFaults(options: FaultOptions): Promise<void> {
  const { fleet, seed, signal, pace, log } = options;
  const random = randomOf(seed, 'faults');
  const underWay = new Set<Promise<void>>();
  for (let number = 0; !signal.aborted; number += 1) {
    await sleep(random.between(...pace), undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    // All that chance decides is decided here, in order, whatever takes how long.
    const role = random.chance(0.7) ? 'worker' : 'api';
    const spell = Math.floor(number / FAULTS_IN_A_SPELL) % 2 === 0 ? DEATHS : ANYTHING;
    const fault = random.pickOf(spell[role]);
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
  if (fault === 'kill') return killAndRevive(options, place, lasting);
  if (fault === 'killEngine') return killEngine(options);
  const disturbance: Disturbance = {
    fault,
    role: place.role,
    place: place.name,
    pid: place.process?.child.pid ?? 0,
    from: Date.now(),
    to: Number.POSITIVE_INFINITY,
  };
  records.disturbances.push(disturbance);
  try {
    await disturb(fleet, place, fault, lasting);
  } finally {
    disturbance.to = Date.now();
  }
  if (place.process) return;
  records.longest('stop', disturbance.to - disturbance.from);
  await fleet.revive(place);
}

async function disturb(
  fleet: Fleet,
  place: Place,
  fault: Exclude<Fault, 'kill' | 'killEngine'>,
  lasting: number,
): Promise<void> {
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
      return fleet.stop(place, fault === 'hurry');
  }
}

async function killAndRevive({ fleet, records }: FaultOptions, place: Place, pause: number): Promise<void> {
  const kill = await fleet.kill(place);
  if (kill) records.kills.push(kill);
  await sleep(pause);
  await fleet.revive(place);
}

/** As the kernel does when memory is short. */
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
    // It was faster.
  }
}
