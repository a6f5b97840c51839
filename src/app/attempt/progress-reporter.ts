// Limits how often the progress of an attempt is stored: the latest report, at most four times a second. The percentage
// never falls within an attempt.

import type { Clock, ComposeProgress } from '../ports.ts';

const WRITE_INTERVAL_MS = 250;

export class ProgressReporter {
  readonly #put: (progress: ComposeProgress) => Promise<void>;
  readonly #attempt: number;
  readonly #clock: Clock;
  #latest: ComposeProgress | null = null;
  #highest = 0;
  #phase: string | null = null;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(put: (progress: ComposeProgress) => Promise<void>, attempt: number, clock: Clock) {
    this.#put = put;
    this.#attempt = attempt;
    this.#clock = clock;
  }

  /** Of the last report; null before the first one. */
  get phase(): string | null {
    return this.#phase;
  }

  report(percent: number, phase: string, message?: string): void {
    this.#highest = Math.max(this.#highest, Math.min(100, percent));
    this.#phase = phase;
    this.#latest = {
      attempt: this.#attempt,
      percent: this.#highest,
      phase,
      message: message ?? null,
      updatedAt: this.#clock.now(),
    };
    if (!this.#timer) this.#writeAndPause();
  }

  /** Writes the last report. A failed write is ignored: progress must not fail a compose. */
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
    }, WRITE_INTERVAL_MS).unref();
  }

  #write(): void {
    const progress = this.#latest;
    if (!progress) return;
    this.#latest = null;
    this.#writing = this.#writing.then(() => this.#put(progress)).catch(() => undefined);
  }
}
