// The attempts that run in this process, so that a cancel, a lost lease or a drain can stop them. An entry is made before
// the attempt begins in the database, so that a cancel right after the begin finds it.

/** Why an attempt stops before its end. */
export type StopCause =
  | 'CANCEL'
  | 'TIMEOUT'
  /** The worker stops; the compose returns to WAIT. */
  | 'DRAIN'
  /** Another worker has the compose or may have it; this attempt must not change it. */
  | 'SUPERSEDED';

export interface RunningAttempt {
  readonly composeId: string;
  /** 0 until the attempt has begun. */
  attempt: number;
  readonly signal: AbortSignal;
  readonly ended: Promise<void>;
}

export class RunningAttempts {
  readonly #running = new Map<string, { entry: RunningAttempt; stop(cause: StopCause): void }>();

  #closed = false;

  /** True once the worker stops: no attempt may begin. */
  get isClosed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
  }

  /** Null if an attempt of the compose runs here already. */
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

  /** Only the first cause counts. The attempt ends when its engine has ended. */
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
