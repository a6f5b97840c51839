// Between an engine that reports as often as it likes and subscribers who want at most four wake-ups a second: keeps
// the latest, never lets the percentage fall, and writes the last one out when closed.

import type { Clock, ComposeProgress } from '../ports.ts';

const INTERVAL_MS = 250;

export class ProgressReporter {
  readonly #put: (progress: ComposeProgress) => Promise<void>;
  readonly #attempt: number;
  readonly #clock: Clock;
  #latest: ComposeProgress | null = null;
  #highest = 0;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(put: (progress: ComposeProgress) => Promise<void>, attempt: number, clock: Clock) {
    this.#put = put;
    this.#attempt = attempt;
    this.#clock = clock;
  }

  report(percent: number, phase: string, message?: string): void {
    this.#highest = Math.max(this.#highest, Math.min(100, percent));
    this.#latest = {
      attempt: this.#attempt,
      percent: this.#highest,
      phase,
      message: message ?? null,
      updatedAt: this.#clock.now(),
    };
    if (!this.#timer) this.#writeAndPause();
  }

  /** The last report is written, or could not be: progress is never worth failing a compose. */
  async close(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#write();
    await this.#writing;
  }

  #writeAndPause(): void {
    if (!this.#latest) return;
    this.#write();
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#writeAndPause();
    }, INTERVAL_MS).unref();
  }

  #write(): void {
    const progress = this.#latest;
    if (!progress) return;
    this.#latest = null;
    this.#writing = this.#writing.then(() => this.#put(progress)).catch(() => undefined);
  }
}
