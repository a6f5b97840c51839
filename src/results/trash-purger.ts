// Purges the trash of all target directories in the background: at the start, and whenever something was trashed. Skips a
// directory that does not belong to this database.

import type { Logger } from '../app/ports.ts';
import { checkOwner, type Target } from './instance-file.ts';
import { purgeTrash } from './trash.ts';

export class TrashPurger {
  readonly #targets: readonly Target[];
  readonly #instanceId: string;
  readonly #logger: Logger;
  #stopping = new AbortController();
  #running: Promise<void> | null = null;
  #isStarted = false;
  /** Something was trashed since the last purge began. */
  #isDirty = false;

  constructor(targets: readonly Target[], instanceId: string, logger: Logger) {
    this.#targets = targets;
    this.#instanceId = instanceId;
    this.#logger = logger;
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#stopping = new AbortController();
    this.wake();
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    this.#stopping.abort();
    await this.#running;
  }

  /** Call it when something was trashed. */
  wake(): void {
    this.#isDirty = true;
    if (this.#isStarted) this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    do {
      this.#isDirty = false;
      for (const target of this.#targets) await this.#purge(target);
    } while (this.#isDirty && !this.#stopping.signal.aborted);
    this.#running = null;
  }

  async #purge(target: Target): Promise<void> {
    const warn = (error: unknown): void =>
      this.#logger.warn({ err: error, target: target.path }, 'Cannot purge the trash');
    try {
      if (await checkOwner(target, this.#instanceId)) return;
      await purgeTrash(target.path, this.#stopping.signal, warn);
    } catch (error) {
      warn(error);
    }
  }
}
