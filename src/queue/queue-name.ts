// What pg-boss calls the queue of a lane and a pool.

import type { Lane } from '../compose/lane.ts';
import { DEFAULT_POOL } from '../compose/routing.ts';

export const PREPARE_AND_GENERATE: readonly Lane[] = ['prepare', 'generate'];

export function queueName(lane: Lane, pool: string): string {
  return pool === DEFAULT_POOL ? lane : `${lane}.${pool}`;
}
