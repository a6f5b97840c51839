// What time it is by the database, the one clock that all processes share: one whose own clock is wrong, or is set, neither
// removes results early nor keeps them long. Between readings the monotonic clock of this process goes on.

import type { Clock, Logger, RunStatement, Service } from '../app/ports.ts';

const READ_EVERY_MS = 5_000;
const READ = 'select extract(epoch from clock_timestamp()) * 1000 as ms';

export class DatabaseClock implements Clock, Service {
  readonly #run: RunStatement;
  readonly #logger: Logger;
  /** What the database's time is ahead of `performance.now()`. */
  #ahead: number | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(run: RunStatement, logger: Logger) {
    this.#run = run;
    this.#logger = logger;
  }

  async start(): Promise<void> {
    if (this.#timer) return;
    await this.read();
    this.#timer = setInterval(() => {
      this.read().catch((error: unknown) =>
        this.#logger.debug({ err: error }, 'The clock could not be read; it goes on by itself'),
      );
    }, READ_EVERY_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  now(): Date {
    if (this.#ahead === null) throw new Error('The clock is read before it is started');
    return new Date(performance.now() + this.#ahead);
  }

  /** It was read somewhen while the question was under way: what agrees with that is kept, so that time does not jitter. */
  async read(): Promise<void> {
    const asked = performance.now();
    const [row] = await this.#run<{ ms: string }>(READ, []);
    const answered = performance.now();
    const [least, most] = [Number(row?.ms) - answered, Number(row?.ms) - asked];
    const isStillTrue = this.#ahead !== null && this.#ahead >= least && this.#ahead <= most;
    if (!isStillTrue) this.#ahead = (least + most) / 2;
  }
}
