// The parts of a process that is a worker: the worker itself, and the chores.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { AttemptDeps } from '../app/attempt/attempt.ts';
import { RunningAttempts } from '../app/attempt/running-attempts.ts';
import { startChores } from '../app/chores.ts';
import { LEASE_EXPIRES_AFTER_MS, Lease } from '../app/lease.ts';
import type { Logger, Service, WorkerIdentity } from '../app/ports.ts';
import { reclaimAttempt } from '../app/reclaim.ts';
import { UsableTargets } from '../app/usable-targets.ts';
import { Worker } from '../app/worker.ts';
import type { Config } from '../config/config.ts';
import { engineFor } from '../engines/engine-choice.ts';
import { runProcess } from '../engines/supervisor/run-process.ts';
import { killOrphanedGroup } from '../engines/supervisor/terminate-group.ts';
import { currentBootId } from '../os/process-identity.ts';
import { choresOf } from './chores.ts';
import type { Platform } from './platform.ts';
import type { Sources } from './wire-sources.ts';

/** The interval between checks of a target directory that is not usable. */
const TARGET_RECHECK_MS = 2_000;

export interface WorkerParts {
  /** In the order of starting. */
  readonly parts: readonly Service[];
  /** Ends the drain time of a stop. */
  stopNow(): void;
}

type WorkerSources = Pick<Sources, 'resolver' | 'engines' | 'tracking'>;

/** What the parts of one worker share. */
interface WorkerContext {
  readonly config: Config;
  readonly platform: Platform;
  readonly identity: WorkerIdentity;
  readonly attempts: RunningAttempts;
  readonly targets: UsableTargets;
  readonly rules: { readonly maxLosses: number };
  readonly logger: Logger;
}

export function wireWorker(config: Config, platform: Platform, sources: WorkerSources, logger: Logger): WorkerParts {
  const context = workerContext(config, platform, logger);
  const { attempts, identity, targets, rules, logger: log } = context;
  const { store, results, clock, registry, queue, events, feed } = platform;
  const reclaiming = {
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
  const lease = new Lease({
    registry,
    identity,
    attempts,
    reclaim: (claim) => reclaimAttempt(reclaiming, claim, 'DATABASE'),
    logger: log,
  });
  const { concurrency, drainSeconds } = config.worker;
  const generation = attemptDeps(context, sources);
  const worker = new Worker({
    generation,
    attempts,
    lease,
    queue,
    events,
    feed,
    targets,
    concurrency,
    drainSeconds,
    logger: log,
  });
  const chores = startChores(choresOf(config, platform, reclaiming), platform.leadership, log);
  return { parts: [chores, worker], stopNow: () => worker.stopNow() };
}

function workerContext(config: Config, platform: Platform, logger: Logger): WorkerContext {
  const { pools, concurrency } = config.worker;
  const identity = {
    id: randomUUID(),
    host: hostname(),
    bootId: currentBootId(),
    pid: process.pid,
    pools,
    concurrency,
  };
  const log = logger.child({ worker: identity.id });
  const targets = new UsableTargets({
    results: platform.results,
    targetDirs: Object.keys(config.results.targetDirs),
    onRecovered: () => platform.queue.wake(),
    recheckIntervalMs: TARGET_RECHECK_MS,
    logger: log,
  });
  const rules = { maxLosses: config.queue.maxLostWorkers };
  return { config, platform, identity, attempts: new RunningAttempts(), targets, rules, logger: log };
}

function attemptDeps(context: WorkerContext, { resolver, engines, tracking }: WorkerSources): AttemptDeps {
  const { config, platform, identity, attempts, targets, rules, logger } = context;
  const { store, results, progress, registry, clock } = platform;
  return {
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
    registerProcessGroup: ({ id, attempt }, group) => registry.registerProcessGroup({ composeId: id, attempt }, group),
    forgetProcessGroups: ({ id, attempt }) => registry.forgetProcessGroups({ composeId: id, attempt }),
    workerId: identity.id,
    timeoutSeconds: ({ source }) =>
      (source.type === 'RAW_CONFIG' ? config.rawConfigs[source.name]?.timeoutSeconds : undefined) ??
      config.engine.timeoutSeconds,
    logger,
  };
}
