// The periodic chores of a worker process. The name of a chore is its lock: one process at a time runs a chore of the
// service.

import type { Chore } from '../app/chores.ts';
import { expireComposes } from '../app/expire-composes.ts';
import { expireUnreachable } from '../app/expire-unreachable.ts';
import { failUnclaimed } from '../app/fail-unclaimed.ts';
import { finishRemovals } from '../app/finish-removals.ts';
import { killOrphans } from '../app/kill-orphans.ts';
import { unpinExpired } from '../app/pin-compose.ts';
import { purgeLeftovers } from '../app/purge-leftovers.ts';
import { reclaimLostAttempts, type ReclaimDeps } from '../app/reclaim.ts';
import { resolveLeftoverReusers } from '../app/resolve-reusers.ts';
import { updateDueLatestLinks } from '../app/update-latest-links.ts';
import type { Config } from '../config/config.ts';
import type { Platform } from './platform.ts';

export function choresOf(
  config: Config,
  { store, results, queue, clock, knownTargets }: Platform,
  reclaiming: ReclaimDeps,
): readonly Chore[] {
  const { logger, rules } = reclaiming;
  const { maxWaitSeconds } = config.queue;
  const deps = { store, results, clock, logger, rules };
  const targetDirs = Object.keys(config.results.targetDirs);
  const graceSeconds = config.retention.leftoverGraceSeconds;
  return [
    ofHost('kill-orphans', 1, () => killOrphans(reclaiming)),
    ofHost('register-target-directories', 60, () => knownTargets.know(targetDirs)),
    ofService('reclaim-lost-attempts', 1, () => reclaimLostAttempts(reclaiming)),
    ofService('resolve-reusers', 1, (signal) => resolveLeftoverReusers({ ...deps, signal })),
    ofService('reconcile-queue', 5, async () => void (await queue.reconcile())),
    ofService('delete-expired-pins', 1, (signal) => unpinExpired({ ...deps, signal })),
    ofService('update-latest-links', 5, (signal) => updateDueLatestLinks({ ...deps, signal })),
    ofService('expire-composes', 1, (signal) => expireComposes({ ...deps, signal })),
    ofService('expire-unreachable', 60, (signal) => expireUnreachable({ ...deps, knownTargets, signal })),
    ofService('finish-removals', 10, (signal) => finishRemovals({ ...deps, signal })),
    ofService('purge-trash', 60, () => purgeLeftovers({ ...deps, graceSeconds })),
    ofService('evict-cache', 60, () => results.cache.evict()),
    ofService('fail-unclaimed', 10, (signal) => failUnclaimed({ ...deps, maxWaitSeconds, signal })),
  ];
}

function ofHost(name: string, everySeconds: number, run: Chore['run']): Chore {
  return { name, whose: 'host', everyMs: everySeconds * 1_000, run };
}

function ofService(name: string, everySeconds: number, run: Chore['run']): Chore {
  return { name, whose: 'service', everyMs: everySeconds * 1_000, run };
}
