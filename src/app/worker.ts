// The loop of a worker process: takes jobs under a lease, and stops an attempt when its cancel is asked for. Stopping
// lets what is under way, looks at sources included, go on for the drain time, then hands it back; `hurry` does at once.

import { READ_ALL } from '../compose/read-policy.ts';
import type { RunningAttempts } from './attempt/running-attempts.ts';
import type { AttemptDeps } from './attempt/attempt.ts';
import { generateCompose } from './attempt/run.ts';
import type { EventLog, Feed, Job, Logger, Service, WorkQueue } from './ports.ts';
import { prepareCompose } from './attempt/prepare.ts';
import type { UsableTargets } from './usable-targets.ts';

export interface WorkerDeps {
  readonly generation: AttemptDeps;
  readonly attempts: RunningAttempts;
  readonly lease: Service;
  readonly queue: Pick<WorkQueue, 'work' | 'stopWorking'>;
  readonly events: Pick<EventLog, 'head'>;
  readonly feed: Pick<Feed, 'follow'>;
  readonly targets: Pick<UsableTargets, 'start' | 'stop' | 'unusable'>;
  readonly concurrency: number;
  readonly drainSeconds: number;
  readonly logger: Logger;
}

/** Light work: a look at the source, and what generates in moments. */
const PREPARED_AT_A_TIME = 4;
/** Ending an engine takes at most TERM, TERM, KILL and a moment; a bound for what should not happen. */
const STOP_BOUND_MS = 15_000;

export function createWorker(deps: WorkerDeps): Service & { stopNow(): void } {
  const { attempts, generation, lease, logger, queue } = deps;
  const stopped = new AbortController();
  const hurried = new AbortController();
  const drained = new AbortController();
  const preparing = new Set<Promise<void>>();
  let starting: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;

  async function start(): Promise<void> {
    const head = await deps.events.head();
    await deps.targets.start();
    await lease.start();
    followCancels(deps, head, stopped.signal).catch((error: unknown) =>
      logger.error({ err: error }, 'Cancels are not followed any more'),
    );
    const usable = { unusable: () => deps.targets.unusable() };
    await queue.work('prepare', PREPARED_AT_A_TIME, prepare, usable);
    await queue.work('generate', deps.concurrency, ({ composeId }) => generateCompose(generation, composeId), usable);
  }

  async function prepare(job: Job): Promise<void> {
    const looking = lookAtSource(job).finally(() => preparing.delete(looking));
    preparing.add(looking);
    await looking;
  }

  async function lookAtSource({ composeId, signal }: Job): Promise<void> {
    const either = AbortSignal.any([signal, drained.signal]);
    if ((await prepareCompose(generation, composeId, either)) === 'generate')
      await generateCompose(generation, composeId);
  }

  async function allEnded(): Promise<void> {
    await Promise.all([attempts.allEnded(), Promise.allSettled(preparing)]);
  }

  async function stop(): Promise<void> {
    await starting?.catch(() => undefined);
    await queue.stopWorking();
    attempts.close();
    const patience = AbortSignal.any([AbortSignal.timeout(deps.drainSeconds * 1000), hurried.signal]);
    await Promise.race([allEnded(), aborted(patience)]);
    attempts.stopAll('DRAIN');
    drained.abort();
    await Promise.race([allEnded(), aborted(AbortSignal.timeout(STOP_BOUND_MS))]);
    stopped.abort();
    await deps.targets.stop();
    await lease.stop();
  }

  return {
    start: () => (starting ??= start()),
    stop: () => (stopping ??= stop()),
    stopNow: () => hurried.abort(),
  };
}

async function followCancels({ feed, attempts }: WorkerDeps, after: bigint, signal: AbortSignal): Promise<void> {
  for await (const { compose } of feed.follow({ after, progress: false, signal }, READ_ALL)) {
    if (compose.cancelRequestedAt !== null && compose.state === 'GENERATING') attempts.stop(compose.id, 'CANCEL');
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
