// The attempts that run in this process, so that whoever learns that one must stop (a cancel from the feed, a lease
// that cannot be refreshed, a drain) can say so. An entry exists before the attempt is begun in the database: a cancel
// that follows the begin at once still finds it.

/** Why an attempt stops before its end. */
export type StopCause =
  | 'CANCEL'
  | 'TIMEOUT'
  /** This worker stops; the compose goes back. */
  | 'DRAIN'
  /** Another worker has the compose, or may have: whatever this one knows is stale. */
  | 'SUPERSEDED';

export interface RunningAttempt {
  readonly composeId: string;
  /** 0 until it is begun. */
  attempt: number;
  readonly signal: AbortSignal;
  readonly ended: Promise<void>;
}

export class Attempts {
  readonly #running = new Map<string, { entry: RunningAttempt; stop(cause: StopCause): void }>();

  #closed = false;

  /** Nothing new begins here any more. */
  get isClosed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
  }

  /** Null where the compose runs here already. */
  enter(composeId: string): { readonly entry: RunningAttempt; leave(): void } | null {
    if (this.#running.has(composeId)) return null;
    const controller = new AbortController();
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const entry: RunningAttempt = { composeId, attempt: 0, signal: controller.signal, ended };
    this.#running.set(composeId, { entry, stop: (cause) => controller.abort(cause) });
    const leave = () => {
      this.#running.delete(composeId);
      resolve();
    };
    return { entry, leave };
  }

  /** The first cause counts; the attempt ends when its engine has. */
  stop(composeId: string, cause: StopCause): void {
    this.#running.get(composeId)?.stop(cause);
  }

  stopAll(cause: StopCause): void {
    for (const running of this.#running.values()) running.stop(cause);
  }

  list(): readonly RunningAttempt[] {
    return [...this.#running.values()].map(({ entry }) => entry);
  }

  async allEnded(): Promise<void> {
    await Promise.all(this.list().map(({ ended }) => ended));
  }
}
