// Limits progress to four signals a second for each compose. The last notification always leads to a signal.

const INTERVAL_MS = 250;

export class ProgressPacer {
  readonly #pauses = new Map<string, { again: boolean; readonly timer: NodeJS.Timeout }>();
  readonly #onDue: (composeId: string) => void;

  constructor(onDue: (composeId: string) => void) {
    this.#onDue = onDue;
  }

  notice(composeId: string): void {
    const pause = this.#pauses.get(composeId);
    if (pause) pause.again = true;
    else this.#signal(composeId);
  }

  clear(): void {
    for (const { timer } of this.#pauses.values()) clearTimeout(timer);
    this.#pauses.clear();
  }

  #signal(composeId: string): void {
    const timer = setTimeout(() => {
      const again = this.#pauses.get(composeId)?.again ?? false;
      this.#pauses.delete(composeId);
      if (again) this.#signal(composeId);
    }, INTERVAL_MS);
    this.#pauses.set(composeId, { again: false, timer });
    this.#onDue(composeId);
  }
}
