// Takes jobs from the queue while the worker holds its lease. A stop drains: running work continues for the drain time,
// then it is stopped and its composes return to WAIT.

import { READ_ALL } from '../compose/read-policy.ts';
import type { AttemptDeps } from './attempt/attempt.ts';
import { prepareCompose } from './attempt/prepare.ts';
import { generateCompose } from './attempt/run.ts';
import type { RunningAttempts } from './attempt/running-attempts.ts';
import type { EventLog, Feed, Job, Logger, Service, WorkQueue } from './ports.ts';
import type { UsableTargets } from './usable-targets.ts';

export interface WorkerDeps {
  readonly generation: AttemptDeps;
  readonly attempts: RunningAttempts;
  readonly lease: Service;
  readonly queue: Pick<WorkQueue, 'work' | 'stopWorking'>;
  readonly events: Pick<EventLog, 'head'>;
  readonly feed: Pick<Feed, 'follow'>;
  readonly targets: Pick<UsableTargets, 'start' | 'stop' | 'unusable'>;
  /** Composes that it generates at the same time. */
  readonly concurrency: number;
  readonly drainSeconds: number;
  readonly logger: Logger;
}

/** Composes that it prepares at the same time: identifies their sources, or generates them with a light engine. */
const PREPARE_CONCURRENCY = 4;
/** The longest wait for engines to end once they are stopped. Terminating one takes less than 10 s. */
const STOP_TIMEOUT_MS = 15_000;

export class Worker implements Service {
  readonly #deps: WorkerDeps;
  readonly #preparing = new Set<Promise<void>>();
  readonly #stoppingNow = new AbortController();
  readonly #drained = new AbortController();
  readonly #stopped = new AbortController();
  #starting: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
  }

  start(): Promise<void> {
    return (this.#starting ??= this.#start());
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  /** Ends the drain time of a stop. */
  stopNow(): void {
    this.#stoppingNow.abort();
  }

  async #start(): Promise<void> {
    const { events, targets, lease, queue, generation, concurrency, logger } = this.#deps;
    const head = await events.head();
    await targets.start();
    await lease.start();
    this.#followCancels(head).catch((error: unknown) =>
      logger.error({ err: error }, 'The feed of cancellations failed; the lease still reports them'),
    );
    const usable = { unusable: () => targets.unusable() };
    await queue.work('prepare', PREPARE_CONCURRENCY, (job) => this.#prepare(job), usable);
    await queue.work('generate', concurrency, ({ composeId }) => generateCompose(generation, composeId), usable);
  }

  async #followCancels(after: bigint): Promise<void> {
    const { attempts, feed } = this.#deps;
    for await (const { compose } of feed.follow({ after, progress: false, signal: this.#stopped.signal }, READ_ALL)) {
      if (compose.cancelRequestedAt !== null && compose.state === 'GENERATING') attempts.stop(compose.id, 'CANCEL');
    }
  }

  async #prepare({ composeId, signal }: Job): Promise<void> {
    const { generation } = this.#deps;
    const prepare = async () => {
      const next = await prepareCompose(generation, composeId, AbortSignal.any([signal, this.#drained.signal]));
      if (next === 'generate') await generateCompose(generation, composeId);
    };
    const preparing = prepare().finally(() => this.#preparing.delete(preparing));
    this.#preparing.add(preparing);
    await preparing;
  }

  async #stop(): Promise<void> {
    const { attempts, drainSeconds, lease, queue, targets } = this.#deps;
    await this.#starting?.catch(() => undefined);
    attempts.close();
    // Not awaited: a fetch takes as long as the database needs. `generate` rejects a job that it still brings; the drain time
    // bounds a preparation.
    void queue.stopWorking();
    await this.#ended(AbortSignal.any([AbortSignal.timeout(drainSeconds * 1000), this.#stoppingNow.signal]));
    attempts.stopAll('DRAIN');
    this.#drained.abort();
    await this.#ended(AbortSignal.timeout(STOP_TIMEOUT_MS));
    this.#stopped.abort();
    await targets.stop();
    await lease.stop();
  }

  /** Settles when all work has ended, or when `signal` aborts. */
  async #ended(signal: AbortSignal): Promise<void> {
    const work = Promise.all([this.#deps.attempts.allEnded(), Promise.allSettled(this.#preparing)]);
    await Promise.race([work, aborted(signal)]);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
