// Which target directories work may be begun for from here. One that cannot be written, is not mounted or is another
// database's is looked at again and again, and nothing is taken for it until it is well; what waits for it stays
// in the queue for workers that can.

import type { ComposeFailure } from '../compose/failure.ts';
import type { Logger, Results, Service } from './ports.ts';

export interface UsableTargetsDeps {
  readonly results: Pick<Results, 'checkTarget'>;
  readonly targetDirs: readonly string[];
  /** A target directory can be used again. */
  readonly onRecovered: () => void;
  readonly everyMs: number;
  readonly logger: Logger;
}

export class UsableTargets implements Service {
  readonly #deps: UsableTargetsDeps;
  readonly #problems = new Map<string, ComposeFailure>();
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(deps: UsableTargetsDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    for (const name of this.#deps.targetDirs) await this.check(name);
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  unusable(): readonly string[] {
    return [...this.#problems.keys()];
  }

  /** Looks now; null where work may be begun. */
  async check(name: string): Promise<ComposeFailure | null> {
    const { results, logger, onRecovered } = this.#deps;
    const problem = await results.checkTarget(name);
    const known = this.#problems.get(name);
    if (problem) this.#problems.set(name, problem);
    else this.#problems.delete(name);
    if (problem && problem.message !== known?.message)
      logger.error({ targetDir: name }, `${problem.message} No work is taken for it here.`);
    if (!problem && known) {
      logger.info({ targetDir: name }, 'The target directory can be used again');
      onRecovered();
    }
    return problem;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#lookAgain(), this.#deps.everyMs);
    this.#timer.unref();
  }

  async #lookAgain(): Promise<void> {
    try {
      for (const name of this.unusable()) await this.check(name);
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'A target directory cannot be looked at');
    } finally {
      this.#schedule();
    }
  }
}
