// The target directories of the configuration: finding them, checking them, and trashing what is in them.

import { statfs } from 'node:fs/promises';
import { StorageError, type AttemptDirectory, type Logger } from '../app/ports.ts';
import type { ComposeFailure } from '../compose/failure.ts';
import { checkOwner, checkWritable, claimTarget, type Target } from './instance-file.ts';
import { targetOfAttempt } from './layout.ts';
import { onFileSystem, storageFailure } from './storage-failure.ts';
import { moveToTrash } from './trash.ts';
import { TrashPurger } from './trash-purger.ts';

export interface TargetOptions {
  /** Name → absolute path. */
  readonly targetDirs: Readonly<Record<string, string>>;
  /** The database's uuid. */
  readonly instanceId: string;
  /** Take over target directories that are not empty or belong to another database. */
  readonly adopt: boolean;
  /** A target directory with less free space counts as full. */
  readonly minFreeBytes: number;
  readonly logger: Logger;
}

export class TargetDirectories {
  readonly #options: TargetOptions;
  readonly #targets: readonly Target[];
  readonly #purger: TrashPurger;

  constructor(options: TargetOptions) {
    this.#options = options;
    this.#targets = Object.entries(options.targetDirs).map(([name, path]) => ({ name, path }));
    this.#purger = new TrashPurger(this.#targets, options.instanceId, options.logger);
  }

  async start(): Promise<void> {
    const { instanceId, adopt, logger } = this.#options;
    for (const target of this.#targets) {
      await claimTarget(target, instanceId, adopt).catch((error: unknown) =>
        logger.warn({ err: error, target: target.path }, 'Cannot prepare a target directory'),
      );
      const problem = await checkWritable(target, instanceId);
      if (problem) logger.error({ target: target.path }, problem.message);
    }
    this.#purger.start();
  }

  async stop(): Promise<void> {
    await this.#purger.stop();
  }

  purgeTrash(): void {
    this.#purger.wake();
  }

  /** Throws `StorageError` for a name that is not configured. */
  named(name: string): Target {
    const target = this.#targets.find((candidate) => candidate.name === name);
    if (!target) throw new StorageError(notConfigured(name));
    return target;
  }

  ofAttempt({ directory }: AttemptDirectory): Target {
    const path = targetOfAttempt(directory);
    const target = this.#targets.find((candidate) => candidate.path === path);
    if (!target) throw new Error(`not an attempt's directory: ${directory}`);
    return target;
  }

  /** The target directories that are mounted and belong to this database. */
  async reachable(): Promise<readonly Target[]> {
    const checked = await Promise.all(
      this.#targets.map(async (target) => ((await checkOwner(target, this.#options.instanceId)) ? [] : [target])),
    );
    return checked.flat();
  }

  /** Null when the target directory is reachable, writable and not full. */
  async check(name: string): Promise<ComposeFailure | null> {
    const target = this.#targets.find((candidate) => candidate.name === name);
    if (!target) return notConfigured(name);
    const problem = await checkWritable(target, this.#options.instanceId);
    if (problem) return problem;
    return (await this.isFull(target))
      ? storageFailure(name, 'is almost full. Remove composes, or ask an administrator for more space')
      : null;
  }

  async isFull({ name, path }: Target): Promise<boolean> {
    const { bavail, bsize } = await onFileSystem(name, () => statfs(path));
    return bavail * bsize < this.#options.minFreeBytes;
  }

  /** Runs `work`, and turns errors of the file system into `StorageError`. */
  use<T>(name: string, work: (target: Target) => Promise<T>): Promise<T> {
    return onFileSystem(name, async () => work(this.named(name)));
  }

  /** Like `use`, but rejects unless the target directory belongs to this database. */
  useOwned<T>(name: string, work: (target: Target) => Promise<T>): Promise<T> {
    return this.use(name, async (target) => {
      const problem = await checkOwner(target, this.#options.instanceId);
      if (problem) throw new StorageError(problem);
      return work(target);
    });
  }

  /** Like `useOwned`, but rejects unless the target directory is writable, too. */
  useWritable<T>(name: string, work: (target: Target) => Promise<T>): Promise<T> {
    return this.use(name, async (target) => {
      const problem = await checkWritable(target, this.#options.instanceId);
      if (problem) throw new StorageError(problem);
      return work(target);
    });
  }

  async trash(target: Target, path: string): Promise<void> {
    if (await moveToTrash(target.path, path)) this.#purger.wake();
  }
}

function notConfigured(name: string): ComposeFailure {
  return storageFailure(name, 'is not configured here. Ask an administrator to configure it');
}
