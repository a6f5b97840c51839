// The loop of a worker process: takes jobs, keeps its lease, and stops an attempt when a cancel is asked, when the
// lease cannot be kept, or when another worker has the compose. Stopping lets attempts go on for the drain time, then
// hands them back; `hurry` hands back at once.

import { clearInterval, setInterval } from 'node:timers';
import type { Attempts } from './attempts.ts';
import { generateCompose, type GenerateComposeDeps } from './generate-compose.ts';
import { takeBack } from './take-back.ts';
import { prepareCompose } from './prepare-compose.ts';
import type { Claim, EventLog, Feed, Logger, Service, WorkerIdentity, WorkerRegistry, WorkQueue } from './ports.ts';

export interface WorkerDeps {
  readonly generation: GenerateComposeDeps;
  readonly attempts: Attempts;
  readonly queue: Pick<WorkQueue, 'work' | 'stopWorking'>;
  readonly registry: WorkerRegistry;
  readonly events: Pick<EventLog, 'head'>;
  readonly feed: Pick<Feed, 'follow'>;
  readonly identity: WorkerIdentity;
  readonly concurrency: number;
  readonly drainSeconds: number;
  readonly logger: Logger;
}

/** Light work: never more than a look at the source. */
const PREPARED_AT_A_TIME = 4;
const REFRESH_MS = 1_000;
/** Below the 6 s after which others take this worker for lost, by this process's own monotonic clock. */
const LEASE_MS = 5_000;
/** Ending an engine takes at most TERM, TERM, KILL and a moment; a bound for what should not happen. */
const STOP_BOUND_MS = 15_000;

export function createWorker(deps: WorkerDeps): Service & { hurry(): void } {
  const { attempts, logger, registry, identity } = deps;
  const stopped = new AbortController();
  const hurried = new AbortController();
  let lease: NodeJS.Timeout | undefined;
  let refreshedAt = performance.now();
  let refreshing = false;

  async function refresh(): Promise<void> {
    if (performance.now() - refreshedAt > LEASE_MS && attempts.list().length > 0) {
      logger.warn({}, 'The lease cannot be kept: stopping what runs here');
      attempts.stopAll('SUPERSEDED');
    }
    if (refreshing) return;
    refreshing = true;
    try {
      const begunAt = performance.now();
      const claims = await registry.refresh(identity.id);
      refreshedAt = begunAt;
      if (claims) compare(claims);
      else await reRegister();
    } catch (error) {
      logger.warn({ err: error }, 'The lease could not be refreshed');
    } finally {
      refreshing = false;
    }
  }

  /** This worker was taken for lost: its composes are others' by now. */
  async function reRegister(): Promise<void> {
    logger.warn({}, 'This worker was taken for lost and registers again');
    attempts.stopAll('SUPERSEDED');
    await registry.register(identity);
  }

  function compare(claims: readonly Claim[]): void {
    for (const { composeId, cancelRequested } of claims) if (cancelRequested) attempts.stop(composeId, 'CANCEL');
    for (const running of attempts.list()) {
      const claim = claims.find(({ composeId }) => composeId === running.composeId);
      // An attempt begun after the claims were read is not among them yet; one that is superseded has another number.
      if (claim && running.attempt > 0 && claim.attempt > running.attempt) attempts.stop(running.composeId, 'SUPERSEDED');
    }
    // Held by the database's account, yet nothing runs: its end could not be written. A slot exists before its claim.
    const running = new Set(attempts.list().map(({ composeId }) => composeId));
    for (const claim of claims) if (!running.has(claim.composeId)) takeBack(deps.generation, claim).catch(() => undefined);
  }

  async function followCancels(after: bigint): Promise<void> {
    for await (const { compose } of deps.feed.follow({ after, progress: false, signal: stopped.signal })) {
      if (compose.cancelRequestedAt !== null && compose.state === 'GENERATING') attempts.stop(compose.id, 'CANCEL');
    }
  }

  async function drain(): Promise<void> {
    const patience = AbortSignal.any([AbortSignal.timeout(deps.drainSeconds * 1000), hurried.signal]);
    await Promise.race([attempts.allEnded(), aborted(patience)]);
    attempts.stopAll('DRAIN');
    await Promise.race([attempts.allEnded(), aborted(AbortSignal.timeout(STOP_BOUND_MS))]);
  }

  let starting: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;

  async function start(): Promise<void> {
    const head = await deps.events.head();
    await registry.register(identity);
    refreshedAt = performance.now();
    lease = setInterval(() => void refresh(), REFRESH_MS);
    followCancels(head).catch((error: unknown) => logger.error({ err: error }, 'Cancels are not followed any more'));
    await deps.queue.work('prepare', PREPARED_AT_A_TIME, ({ composeId, signal }) => prepareCompose(deps.generation, composeId, signal));
    await deps.queue.work('generate', deps.concurrency, ({ composeId }) => generateCompose(deps.generation, composeId));
  }

  async function stop(): Promise<void> {
    await starting?.catch(() => undefined);
    await deps.queue.stopWorking();
    await drain();
    clearInterval(lease);
    stopped.abort();
    await registry.retire(identity.id).catch((error: unknown) => logger.warn({ err: error }, 'The worker could not sign off'));
  }

  return {
    start: () => (starting ??= start()),
    stop: () => (stopping ??= stop()),
    hurry: () => hurried.abort(),
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
