// At most four wake-ups a second per compose, the last one never lost.

const PROGRESS_INTERVAL_MS = 250;

export class ProgressPacer {
  readonly #resting = new Map<string, { again: boolean; readonly timer: NodeJS.Timeout }>();
  readonly #due: (composeId: string) => void;

  constructor(due: (composeId: string) => void) {
    this.#due = due;
  }

  notice(composeId: string): void {
    const resting = this.#resting.get(composeId);
    if (resting) resting.again = true;
    else this.#pass(composeId);
  }

  clear(): void {
    for (const { timer } of this.#resting.values()) clearTimeout(timer);
    this.#resting.clear();
  }

  #pass(composeId: string): void {
    const timer = setTimeout(() => {
      const again = this.#resting.get(composeId)?.again ?? false;
      this.#resting.delete(composeId);
      if (again) this.#pass(composeId);
    }, PROGRESS_INTERVAL_MS);
    this.#resting.set(composeId, { again: false, timer });
    this.#due(composeId);
  }
}
