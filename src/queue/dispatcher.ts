// Hands jobs to the slots of this process, from several queues in turn. pg-boss's own workers cannot share slots between
// queues or skip the jobs of unusable target directories; its fetch, heartbeats and settling are used as they are.

import { clearInterval, setInterval } from 'node:timers';
import type { JobWithMetadata, PgBoss } from 'pg-boss';
import type { Job, Logger } from '../app/ports.ts';

export interface ComposeJob {
  readonly composeId: string;
}

export interface DispatcherOptions {
  readonly boss: Pick<PgBoss, 'fetch' | 'deleteJob' | 'fail' | 'touch' | 'findJobs'>;
  readonly queues: readonly string[];
  readonly slots: number;
  /** Target directories that this process cannot use; their jobs stay in the queue for other workers. */
  readonly unusable: () => readonly string[];
  readonly onTaken: (queue: string, rank: number) => void;
  readonly handle: (job: Job) => Promise<void>;
  readonly logger: Logger;
}

/** A notification may be lost. */
const POLL_MS = 1_000;
/** pg-boss takes a job away after 10 s without a heartbeat. */
const TOUCH_MS = 3_000;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #running = new Set<Promise<void>>();
  #loop: Promise<void> | null = null;
  #stopped = false;
  #turn = 0;
  #isWoken = false;
  #wake = () => {};

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Looks for jobs now. */
  wake(): void {
    this.#isWoken = true;
    this.#wake();
  }

  /** Takes no further job; running ones continue. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.wake();
    await this.#loop;
  }

  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#isWoken = false;
      if (this.#running.size >= this.#options.slots || !(await this.#takeOne())) await this.#untilWoken();
    }
  }

  /** False if there is nothing to take. */
  async #takeOne(): Promise<boolean> {
    const { queues, boss, unusable, onTaken, logger } = this.#options;
    try {
      for (let offset = 0; offset < queues.length; offset += 1) {
        const turn = (this.#turn + offset) % queues.length;
        const queue = queues[turn] ?? '';
        const [job] = await boss.fetch<ComposeJob>(queue, { includeMetadata: true, ignoreGroups: [...unusable()] });
        if (!job) continue;
        this.#turn = turn + 1;
        onTaken(queue, -job.priority);
        this.#begin(queue, job);
        return true;
      }
    } catch (error) {
      logger.warn({ err: error }, 'The queue cannot be read; the next poll tries again');
    }
    return false;
  }

  #begin(queue: string, job: JobWithMetadata<ComposeJob>): void {
    const running = this.#work(queue, job).finally(() => {
      this.#running.delete(running);
      this.wake();
    });
    this.#running.add(running);
  }

  async #work(queue: string, job: JobWithMetadata<ComposeJob>): Promise<void> {
    const { boss, handle, logger } = this.#options;
    const { composeId } = job.data;
    const attempt = { id: job.id, retryCount: job.retryCount };
    const lost = new AbortController();
    const heartbeat = setInterval(() => {
      this.#isHeld(queue, attempt).then(
        (held) => held || lost.abort(),
        () => undefined,
      );
    }, TOUCH_MS);
    try {
      await handle({ composeId, signal: lost.signal });
      // Deleted, not completed: `reconcile` must be able to send the same job again.
      await boss.deleteJob(queue, attempt);
    } catch (error) {
      logger.warn({ err: error, composeId }, 'A job failed; it will be retried');
      // If this fails as well, pg-boss retries the job for lack of heartbeats.
      await boss.fail(queue, attempt).catch(() => undefined);
    } finally {
      clearInterval(heartbeat);
    }
  }

  /** Refreshes the job; false if it was given to another worker or replaced. */
  async #isHeld(queue: string, attempt: { readonly id: string; readonly retryCount: number }): Promise<boolean> {
    const { boss } = this.#options;
    await boss.touch(queue, attempt);
    const [job] = await boss.findJobs(queue, { id: attempt.id });
    return job?.state === 'active' && job.retryCount === attempt.retryCount;
  }

  async #untilWoken(): Promise<void> {
    if (this.#isWoken) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, POLL_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
