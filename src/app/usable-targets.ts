// Which target directories this process can write to. A worker takes no work for a directory that is full, read-only,
// not mounted or of another database; the directory is checked again until it is usable.

import type { ComposeFailure } from '../compose/failure.ts';
import type { Logger, Results, Service } from './ports.ts';

export interface UsableTargetsDeps {
  readonly results: Pick<Results, 'checkTarget'>;
  readonly targetDirs: readonly string[];
  /** Called when a target directory is usable again. */
  readonly onRecovered: () => void;
  readonly recheckIntervalMs: number;
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

  /** Checks now. Null if the directory is usable. */
  async check(name: string): Promise<ComposeFailure | null> {
    const { results, logger, onRecovered } = this.#deps;
    const problem = await results.checkTarget(name);
    const known = this.#problems.get(name);
    if (problem) this.#problems.set(name, problem);
    else this.#problems.delete(name);
    if (problem && problem.message !== known?.message)
      logger.error({ targetDir: name }, `${problem.message} This worker takes no work for it.`);
    if (!problem && known) {
      logger.info({ targetDir: name }, 'The target directory is usable again');
      onRecovered();
    }
    return problem;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#recheck(), this.#deps.recheckIntervalMs);
    this.#timer.unref();
  }

  async #recheck(): Promise<void> {
    try {
      for (const name of this.unusable()) await this.check(name);
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'A target directory could not be checked');
    } finally {
      this.#schedule();
    }
  }
}
