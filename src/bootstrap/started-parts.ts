// The parts of a process that run: stopped in the reverse order of their start.

import type { Logger } from '../app/ports.ts';
import { settleWithin } from '../concurrency/settle-within.ts';

interface Part {
  start(): Promise<void>;
  stop(): Promise<void>;
}

export class StartedParts {
  readonly #stops: (() => Promise<void>)[] = [];
  readonly #logger: Logger;
  #stopping: Promise<void> | null = null;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** A part that fails to start is stopped as well. */
  async start(part: Part): Promise<void> {
    this.add(() => part.stop());
    await part.start();
  }

  add(stop: () => Promise<void>): void {
    this.#stops.push(stop);
  }

  /** Stops all of them, also if one fails to stop. Returns after the limit even if a part still stops. Further calls wait for the first. */
  stop(limitMs = Infinity): Promise<void> {
    return (this.#stopping ??= this.#stopWithin(limitMs));
  }

  async #stopWithin(limitMs: number): Promise<void> {
    const stopping = this.#stopAll();
    if (limitMs === Infinity) return stopping;
    if (!(await settleWithin(limitMs, stopping)))
      this.#logger.error({ limitMs }, 'The service did not stop in time; other processes reclaim what it held');
  }

  async #stopAll(): Promise<void> {
    for (const stop of this.#stops.toReversed()) {
      await stop().catch((error: unknown) => this.#logger.warn({ err: error }, 'A part of the service failed to stop'));
    }
  }
}
