// The time by the clock of the database, which all processes share: a host with a wrong clock neither removes results early
// nor keeps them long. Between two readings the monotonic clock of this process continues.

import type { Clock, Logger, Service } from '../app/ports.ts';
import type { Session } from './session.ts';

const INTERVAL_MS = 5_000;
const READ = 'select extract(epoch from clock_timestamp()) * 1000 as ms';

export function databaseClock(session: Session, logger: Logger): DatabaseClock {
  return new DatabaseClock(async () => Number((await session.query<{ ms: string }>(READ)).rows[0]?.ms), logger);
}

export class DatabaseClock implements Clock, Service {
  readonly #readMs: () => Promise<number>;
  readonly #logger: Logger;
  /** The database's time minus `performance.now()`. */
  #offset: number | null = null;
  #timer: NodeJS.Timeout | undefined;

  /** `readMs`: milliseconds since 1970 by the clock of the database. */
  constructor(readMs: () => Promise<number>, logger: Logger) {
    this.#readMs = readMs;
    this.#logger = logger;
  }

  async start(): Promise<void> {
    if (this.#timer) return;
    await this.read();
    this.#timer = setInterval(() => {
      this.read().catch((error: unknown) =>
        this.#logger.debug({ err: error }, 'The clock of the database could not be read; the local one continues'),
      );
    }, INTERVAL_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  now(): Date {
    if (this.#offset === null) throw new Error('The clock was read before its start');
    return new Date(performance.now() + this.#offset);
  }

  /** The reading happened between the question and the answer. An offset that agrees with it is kept, so that time is steady. */
  async read(): Promise<void> {
    const asked = performance.now();
    const ms = await this.#readMs();
    const answered = performance.now();
    const [least, most] = [ms - answered, ms - asked];
    const agrees = this.#offset !== null && this.#offset >= least && this.#offset <= most;
    if (!agrees) this.#offset = (least + most) / 2;
  }
}
