// The name of the pg-boss queue for a lane and a pool of workers.

import type { Lane } from '../compose/lane.ts';
import { DEFAULT_POOL } from '../compose/routing.ts';

export const LANES: readonly Lane[] = ['prepare', 'generate'];

export function queueName(lane: Lane, pool: string): string {
  return pool === DEFAULT_POOL ? lane : `${lane}.${pool}`;
}
