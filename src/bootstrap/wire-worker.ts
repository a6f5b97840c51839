// The worker's part of a process: the loop that takes jobs, and the sweep with its chores.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { RunningAttempts } from '../app/attempt/running-attempts.ts';
import { LEASE_EXPIRES_AFTER_MS, Lease } from '../app/lease.ts';
import { expireComposes } from '../app/expire-composes.ts';
import { expireUnreachable } from '../app/expire-unreachable.ts';
import { failUnclaimed } from '../app/fail-unclaimed.ts';
import { finishRemovals } from '../app/finish-removals.ts';
import { updateDueLatestLinks } from '../app/update-latest-links.ts';
import { unpinExpired } from '../app/pin-compose.ts';
import type { Logger, Service } from '../app/ports.ts';
import { resolveLeftoverReusers } from '../app/resolve-reusers.ts';
import { purgeLeftovers } from '../app/purge-leftovers.ts';
import { startChores, type Chore } from '../app/chores.ts';
import { killOrphans } from '../app/kill-orphans.ts';
import { reclaimAttempt, reclaimLostAttempts, type ReclaimDeps } from '../app/reclaim.ts';
import { UsableTargets } from '../app/usable-targets.ts';
import { Worker } from '../app/worker.ts';
import type { Config } from '../config/config.ts';
import { engineFor } from '../engines/engine-choice.ts';
import { runProcess } from '../engines/supervisor/run-process.ts';
import { killOrphanedGroup } from '../engines/supervisor/terminate-group.ts';
import { currentBootId } from '../os/process-identity.ts';
import type { Platform } from './platform.ts';
import type { Sources } from './wire-sources.ts';

/** The interval between checks of a target directory that is not usable. */
const RECHECK_MS = 2_000;

export interface WorkerParts {
  /** In the order of starting. */
  readonly parts: readonly Service[];
  /** Ends the drain time of a stop. */
  stopNow(): void;
}

export function wireWorker(
  config: Config,
  platform: Platform,
  { resolver, engines, tracking }: Pick<Sources, 'resolver' | 'engines' | 'tracking'>,
  logger: Logger,
): WorkerParts {
  const { store, results, progress, registry, clock, queue, events, feed } = platform;
  const identity = {
    id: randomUUID(),
    host: hostname(),
    bootId: currentBootId(),
    pid: process.pid,
    pools: config.worker.pools,
    concurrency: config.worker.concurrency,
  };
  const log = logger.child({ worker: identity.id });
  const attempts = new RunningAttempts();
  const targets = new UsableTargets({
    results,
    targetDirs: Object.keys(config.results.targetDirs),
    onRecovered: () => queue.wake(),
    recheckIntervalMs: RECHECK_MS,
    logger: log,
  });
  const rules = { maxLosses: config.queue.maxLostWorkers };
  const lease = new Lease({
    registry,
    identity,
    attempts,
    reclaim: (claim) => reclaimAttempt({ store, results, clock, rules, logger: log }, claim, 'DATABASE'),
    logger: log,
  });
  const worker = new Worker({
    generation: {
      store,
      results,
      progress,
      resolver,
      tracking,
      attempts,
      clock,
      rules,
      checkTarget: (targetDir) => targets.check(targetDir),
      engineFor: (compose) => engineFor(compose, engines),
      processRunner: (registerProcessGroup) => (run) => runProcess({ ...run, registerProcessGroup }),
      registerProcessGroup: ({ id, attempt }, group) =>
        registry.registerProcessGroup({ composeId: id, attempt }, group),
      forgetProcessGroups: ({ id, attempt }) => registry.forgetProcessGroups({ composeId: id, attempt }),
      workerId: identity.id,
      timeoutSeconds: ({ source }) =>
        (source.type === 'RAW_CONFIG' ? config.rawConfigs[source.name]?.timeoutSeconds : undefined) ??
        config.engine.timeoutSeconds,
      logger: log,
    },
    attempts,
    lease,
    queue,
    events,
    feed,
    targets,
    concurrency: config.worker.concurrency,
    drainSeconds: config.worker.drainSeconds,
    logger: log,
  });
  const reclaiming: ReclaimDeps = {
    store,
    results,
    registry,
    clock,
    rules,
    terminateOrphan: killOrphanedGroup,
    host: identity.host,
    leaseExpiresAfterMs: LEASE_EXPIRES_AFTER_MS,
    logger: log,
  };
  const sweep = startChores(chores(config, platform, reclaiming), platform.leadership, log);
  return { parts: [sweep, worker], stopNow: () => worker.stopNow() };
}

function chores(
  config: Config,
  { store, results, queue, clock, knownTargets }: Platform,
  reclaiming: ReclaimDeps,
): Chore[] {
  const expiring = {
    store,
    results,
    clock,
    logger: reclaiming.logger,
    rules: reclaiming.rules,
    maxWaitSeconds: config.queue.maxWaitSeconds,
  };
  return [
    { name: 'end what lost workers left running', whose: 'host', everyMs: 1_000, run: () => killOrphans(reclaiming) },
    {
      name: 'know target directories',
      whose: 'host',
      everyMs: 60_000,
      run: () => knownTargets.know(Object.keys(config.results.targetDirs)),
    },
    {
      name: 'take back from lost workers',
      whose: 'service',
      everyMs: 1_000,
      run: () => reclaimLostAttempts(reclaiming),
    },
    {
      name: 'settle sharers',
      whose: 'service',
      everyMs: 1_000,
      run: (signal) => resolveLeftoverReusers({ ...expiring, signal }),
    },
    { name: 'reconcile the queue', whose: 'service', everyMs: 5_000, run: async () => void (await queue.reconcile()) },
    { name: 'end pins', whose: 'service', everyMs: 1_000, run: (signal) => unpinExpired({ ...expiring, signal }) },
    {
      name: 'lead links to the latest',
      whose: 'service',
      everyMs: 5_000,
      run: (signal) => updateDueLatestLinks({ ...expiring, signal }),
    },
    {
      name: 'remove what expired',
      whose: 'service',
      everyMs: 1_000,
      run: (signal) => expireComposes({ ...expiring, signal }),
    },
    {
      name: 'let go of what is out of reach',
      whose: 'service',
      everyMs: 60_000,
      run: (signal) => expireUnreachable({ ...expiring, knownTargets, signal }),
    },
    {
      name: 'finish removals',
      whose: 'service',
      everyMs: 10_000,
      run: (signal) => finishRemovals({ ...expiring, signal }),
    },
    {
      name: 'clear away leftovers',
      whose: 'service',
      everyMs: 60_000,
      run: () => purgeLeftovers({ ...expiring, graceSeconds: config.retention.leftoverGraceSeconds }),
    },
    { name: 'clear away what was kept', whose: 'service', everyMs: 60_000, run: () => results.cache.evict() },
    {
      name: 'give up waiting',
      whose: 'service',
      everyMs: 10_000,
      run: (signal) => failUnclaimed({ ...expiring, signal }),
    },
  ];
}
