// Hands jobs over to the slots of this process: from several queues in turn, at most so many at a time, and none of a
// target directory that cannot be used here, which stays in the queue for others. pg-boss's own workers could do
// neither; its fetch, heartbeats and settling are used as they are.

import { clearInterval, setInterval } from 'node:timers';
import type { JobWithMetadata, PgBoss } from 'pg-boss';
import type { Logger } from '../app/ports.ts';

export interface ComposeJob {
  readonly composeId: string;
}

export interface DispatcherOptions {
  readonly boss: Pick<PgBoss, 'fetch' | 'complete' | 'fail' | 'touch'>;
  readonly queues: readonly string[];
  readonly slots: number;
  /** Groups of jobs that are not to be taken now: the target directories that cannot be used here. */
  readonly unusable: () => readonly string[];
  readonly handle: (queue: string, job: JobWithMetadata<ComposeJob>, signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
}

/** A wake-up may be lost. */
const POLL_MS = 1_000;
/** A job counts as dropped after 10 s. */
const TOUCH_MS = 3_000;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #underWay = new Set<Promise<void>>();
  #running: Promise<void> | null = null;
  #stopped = false;
  #turn = 0;
  #isWoken = false;
  #wake = () => {};

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** There may be something to take. */
  wake(): void {
    this.#isWoken = true;
    this.#wake();
  }

  /** Takes nothing more; what is under way goes on. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.wake();
    await this.#running;
  }

  async ended(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#isWoken = false;
      if (this.#underWay.size >= this.#options.slots || !(await this.#takeOne())) await this.#untilWoken();
    }
  }

  /** False where there is nothing to take. */
  async #takeOne(): Promise<boolean> {
    const { queues, boss, unusable, logger } = this.#options;
    try {
      for (let offset = 0; offset < queues.length; offset += 1) {
        const turn = (this.#turn + offset) % queues.length;
        const queue = queues[turn] ?? '';
        const [job] = await boss.fetch<ComposeJob>(queue, { includeMetadata: true, ignoreGroups: [...unusable()] });
        if (!job) continue;
        this.#turn = turn + 1;
        this.#begin(queue, job);
        return true;
      }
    } catch (error) {
      logger.warn({ err: error }, 'The queue cannot be read; it will be tried again');
    }
    return false;
  }

  #begin(queue: string, job: JobWithMetadata<ComposeJob>): void {
    const working = this.#work(queue, job).finally(() => {
      this.#underWay.delete(working);
      this.wake();
    });
    this.#underWay.add(working);
  }

  async #work(queue: string, job: JobWithMetadata<ComposeJob>): Promise<void> {
    const { boss, handle, logger } = this.#options;
    const claim = { id: job.id, retryCount: job.retryCount };
    const gone = new AbortController();
    const beat = setInterval(() => {
      // How many it found is not in pg-boss's types.
      boss.touch(queue, claim).then(
        (answer) => (answer as { readonly affected?: number }).affected === 0 && gone.abort(),
        () => undefined,
      );
    }, TOUCH_MS);
    try {
      await handle(queue, job, gone.signal);
      await boss.complete(queue, claim);
    } catch (error) {
      logger.warn({ err: error, composeId: job.data.composeId }, 'A job was not done; it will be handed over again');
      // Where that cannot be said, the heartbeats that are missing say it.
      await boss.fail(queue, claim).catch(() => undefined);
    } finally {
      clearInterval(beat);
    }
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
