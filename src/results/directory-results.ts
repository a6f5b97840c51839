// Results on disk, in one or several target directories: they appear whole, by one rename, or not at all, and go the
// same way. Relies on each target directory being one file system, and on the caller's row lock for publish and remove.

import { lstat, mkdir, readFile, readdir, rename, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AttemptSuperseded,
  StorageError,
  type AttemptDirectory,
  type FileCache,
  type Leftover,
  type Logger,
  type PackageRecord,
  type Results,
} from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import { directoryName } from '../compose/compose-id.ts';
import type { ComposeFailure } from '../compose/failure.ts';
import { logWriter, readLogChunk, type LogChunk, type LogWriter } from './compose-log.ts';
import { checkOwner, checkTarget, claimTarget, type Target } from './instance-file.ts';
import { DirectoryKeptFiles, NOTHING_KEPT, type KeptFilesOptions } from './cache.ts';
import {
  ATTEMPTS,
  attemptPath,
  logDirectory,
  logPath,
  parseAttemptName,
  parseLogName,
  publishedPath,
  scratchPath,
  targetOfAttempt,
} from './layout.ts';
import { findLeftovers, latestComposes, leftoverPath } from './leftovers.ts';
import { logText } from './log-text.ts';
import { readManifest } from './manifest.ts';
import { VARIANT, isServed, repoFileText, urlsOf, type ComposeUrls } from './repo-file.ts';
import { linkLatest, linkOwn, unlinkOwn } from './release-links.ts';
import { codeOf, onFileSystem, storageFailure, unlessAbsent } from './storage-failure.ts';
import { moveToTrash } from './trash.ts';
import { trashEmptier, type TrashEmptier } from './trash-purger.ts';
import { descriptorOf } from '../compose/sources/descriptors.ts';

export interface ResultsOptions {
  /** Name → absolute path. */
  readonly targetDirs: Readonly<Record<string, string>>;
  /** The database's uuid. */
  readonly instanceId: string;
  /** Take over target directories that are not empty or belong to another database. */
  readonly adopt: boolean;
  /** Without a slash at its end. */
  readonly publicUrl: string;
  /** Less free space than this is as good as none. */
  readonly minFreeBytes: number;
  /** How long and how much may be kept for later attempts; nothing, where it is left out. */
  readonly cache?: Pick<KeptFilesOptions, 'maxAgeSeconds' | 'maxBytes' | 'clock'>;
  readonly logger: Logger;
}

export function createResults(options: ResultsOptions): Results {
  return new DirectoryResults(options);
}

class DirectoryResults implements Results {
  readonly cache: FileCache;
  readonly #options: ResultsOptions;
  readonly #targets: readonly Target[];
  readonly #emptier: TrashEmptier;
  /** Of the logs that are being written, by path. */
  readonly #writers = new Map<string, LogWriter>();

  constructor(options: ResultsOptions) {
    this.#options = options;
    this.#targets = Object.entries(options.targetDirs).map(([name, path]) => ({ name, path }));
    this.#emptier = trashEmptier(this.#targets, options.instanceId, options.logger);
    const { cache: keep, minFreeBytes, logger } = options;
    this.cache = !keep
      ? NOTHING_KEPT
      : new DirectoryKeptFiles({
          ...keep,
          minFreeBytes,
          logger,
          freeBytes,
          targets: this.#targets,
          reachable: () => this.#reachable(),
          throwAway: (target, path) => this.#throwAway(target, path),
        });
  }

  async start(): Promise<void> {
    const { instanceId, adopt, logger } = this.#options;
    for (const target of this.#targets) {
      await claimTarget(target, instanceId, adopt).catch((error: unknown) =>
        logger.warn({ err: error, target: target.path }, 'cannot prepare a target directory'),
      );
      const problem = await checkTarget(target, instanceId);
      if (problem) logger.error({ target: target.path }, problem.message);
    }
    this.#emptier.start();
  }

  async stop(): Promise<void> {
    await this.#emptier.stop();
    await Promise.all([...this.#writers.values()].map((writer) => writer.flush()));
  }

  async checkTarget(name: string): Promise<ComposeFailure | null> {
    const target = this.#targets.find((candidate) => candidate.name === name);
    if (!target) return storageFailure(name, 'is not configured here');
    const problem = await checkTarget(target, this.#options.instanceId);
    if (problem) return problem;
    const isFull = (await freeBytes(target)) < this.#options.minFreeBytes;
    return isFull ? storageFailure(name, 'is almost full; free some space or have composes removed') : null;
  }

  async reachableTargets(): Promise<readonly string[]> {
    return (await this.#reachable()).map(({ name }) => name);
  }

  findLeftovers(name: string, before: Date): Promise<readonly Leftover[]> {
    return onFileSystem(name, () => findLeftovers(this.#target(name), before));
  }

  trashLeftover(name: string, leftover: Leftover): Promise<void> {
    return onFileSystem(name, async () => {
      const target = this.#target(name);
      refuse(await checkOwner(target, this.#options.instanceId));
      const path = await leftoverPath(target, leftover);
      if (path !== null) await this.#throwAway(target, path);
    });
  }

  purgeTrash(): void {
    this.#emptier.wake();
  }

  latestComposeIds(name: string): Promise<ReadonlySet<string>> {
    return onFileSystem(name, () => latestComposes(this.#target(name)));
  }

  beginAttempt(compose: Compose): Promise<AttemptDirectory> {
    return onFileSystem(compose.targetDir, async () => {
      const target = this.#target(compose.targetDir);
      refuse(await checkTarget(target, this.#options.instanceId));
      await this.#clearEarlierAttempts(target, compose);
      const { id, attempt } = compose;
      const place = {
        directory: attemptPath(target.path, id, attempt),
        scratch: scratchPath(target.path, id, attempt),
      };
      await mkdir(place.directory);
      await mkdir(place.scratch, { mode: 0o700 });
      // Even an attempt that says nothing leaves a log: the trace that an earlier one, if it comes back, stops at.
      await mkdir(logDirectory(target.path, id), { recursive: true });
      await writeFile(logPath(target.path, id, attempt), '', { flag: 'a' });
      return place;
    });
  }

  readManifest({ directory }: AttemptDirectory): Promise<readonly PackageRecord[]> {
    return readManifest(join(directory, 'compose'));
  }

  async writeRepoFile(compose: Compose, { directory }: AttemptDirectory): Promise<void> {
    if (descriptorOf(compose.source).output !== 'repository') return;
    const path = join(directory, 'compose', VARIANT, `${directoryName(compose.id)}.repo`);
    await onFileSystem(compose.targetDir, () =>
      writeFile(path, repoFileText(compose, this.#options.publicUrl), { flag: 'wx' }),
    );
  }

  publish(compose: Compose, { directory }: AttemptDirectory): Promise<void> {
    return onFileSystem(compose.targetDir, async () => {
      const target = this.#target(compose.targetDir);
      const published = publishedPath(target.path, compose.id);
      await rename(directory, published).catch(async (error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error;
        // Renamed before a commit that failed: whatever an earlier attempt had published was cleared away when this one began.
        const isThere = (await unlessAbsent(lstat(published), null))?.isDirectory() ?? false;
        const { latest } = await tracesOf(target, compose.id);
        if (!isThere || latest > compose.attempt)
          throw new AttemptSuperseded(`attempt ${compose.attempt} of compose ${compose.id} was taken over`, {
            cause: error,
          });
      });
      await linkOwn(target.path, compose);
    });
  }

  linkLatest(compose: Compose, isNewer: (id: string) => Promise<boolean>): Promise<void> {
    return onFileSystem(compose.targetDir, async () => {
      const target = this.#target(compose.targetDir);
      refuse(await checkOwner(target, this.#options.instanceId));
      await linkLatest(target.path, compose, isNewer);
    });
  }

  async trashAttempt(attempt: AttemptDirectory): Promise<void> {
    const path = targetOfAttempt(attempt.directory);
    const target = this.#targets.find((candidate) => candidate.path === path);
    if (!target) throw new Error(`not an attempt's directory: ${attempt.directory}`);
    await onFileSystem(target.name, async () => {
      await this.#throwAway(target, attempt.directory);
      await this.#throwAway(target, attempt.scratch);
    });
  }

  trashAttempts(compose: Compose): Promise<void> {
    return onFileSystem(compose.targetDir, async () => {
      const target = this.#target(compose.targetDir);
      refuse(await checkOwner(target, this.#options.instanceId));
      const { attempts, latest } = await tracesOf(target, compose.id);
      for (const { path } of attempts.filter(({ attempt }) => attempt <= compose.attempt))
        await this.#throwAway(target, path);
      // A process that was frozen with the lock has lost it when it wakes up: what is published may be a successor's.
      if (compose.state !== 'DONE' && latest <= compose.attempt)
        await this.#throwAway(target, publishedPath(target.path, compose.id));
    });
  }

  trashCompose(compose: Compose): Promise<void> {
    return onFileSystem(compose.targetDir, async () => {
      const target = this.#target(compose.targetDir);
      refuse(await checkOwner(target, this.#options.instanceId));
      await unlinkOwn(target.path, compose);
      await this.#throwAway(target, publishedPath(target.path, compose.id));
      for (const { path } of await attemptsOf(target, compose.id)) await this.#throwAway(target, path);
      await this.#throwAway(target, logDirectory(target.path, compose.id));
    });
  }

  repoFile(compose: Compose): string | null | Promise<string | null> {
    if (!isServed(compose)) return null;
    switch (descriptorOf(compose.source).output) {
      case 'variants':
        return null;
      case 'repository':
        return repoFileText(compose, this.#options.publicUrl);
      case 'repo-file':
        return this.#publishedRepoFile(compose);
    }
  }

  /** As the engine wrote it; null where it goes just now. */
  #publishedRepoFile({ id, reuses, targetDir }: Compose): Promise<string | null> {
    const name = reuses ?? id;
    const path = join(
      publishedPath(this.#target(targetDir).path, name),
      'compose',
      VARIANT,
      `${directoryName(name)}.repo`,
    );
    return onFileSystem(targetDir, () => unlessAbsent(readFile(path, 'utf8'), null));
  }

  urls(compose: Compose): ComposeUrls | null {
    return isServed(compose) ? urlsOf(compose, this.#options.publicUrl) : null;
  }

  appendLog(compose: Compose, attempt: number, text: string): void {
    const { path: target } = this.#target(compose.targetDir);
    const path = logPath(target, compose.id, attempt);
    let writer = this.#writers.get(path);
    if (!writer) {
      const { publicUrl, logger } = this.#options;
      writer = logWriter(path, logText({ target, id: compose.id, attempt, publicUrl }), logger);
      this.#writers.set(path, writer);
    }
    writer.append(text);
  }

  /** An attempt flushes once, at its end; its log is then forgotten. */
  async flushLog(compose: Compose, attempt: number): Promise<void> {
    const path = logPath(this.#target(compose.targetDir).path, compose.id, attempt);
    const writer = this.#writers.get(path);
    this.#writers.delete(path);
    await writer?.flush();
  }

  readLog(compose: Compose, attempt: number, offset: number, upToEnd: boolean): Promise<LogChunk> {
    return readLogChunk(logPath(this.#target(compose.targetDir).path, compose.id, attempt), offset, upToEnd);
  }

  async #reachable(): Promise<readonly Target[]> {
    const owned = await Promise.all(
      this.#targets.map(async (target) => ((await checkOwner(target, this.#options.instanceId)) ? [] : [target])),
    );
    return owned.flat();
  }

  #target(name: string): Target {
    const target = this.#targets.find((candidate) => candidate.name === name);
    if (!target) throw new StorageError(storageFailure(name, 'is not configured here'));
    return target;
  }

  async #throwAway(target: Target, path: string): Promise<void> {
    if (await moveToTrash(target.path, path)) this.#emptier.wake();
  }

  /** A worker that was thought lost, and wakes up here, must neither clear away its successor's files nor what that has published. */
  async #clearEarlierAttempts(target: Target, compose: Compose): Promise<void> {
    const { attempts, latest } = await tracesOf(target, compose.id);
    if (latest > compose.attempt)
      throw new AttemptSuperseded(
        `attempt ${compose.attempt} of compose ${compose.id} was taken over by attempt ${latest}`,
      );
    for (const { path } of attempts) await this.#throwAway(target, path);
    if (compose.state !== 'DONE') await this.#throwAway(target, publishedPath(target.path, compose.id));
  }
}

async function freeBytes({ name, path }: Target): Promise<number> {
  const { bavail, bsize } = await onFileSystem(name, () => statfs(path));
  return bavail * bsize;
}

function refuse(problem: ComposeFailure | null): void {
  if (problem) throw new StorageError(problem);
}

/** What attempts left, and the number of the latest one that has begun: its log stays when its directory is published. */
async function tracesOf(target: Target, id: string) {
  const attempts = await attemptsOf(target, id);
  const logs = await unlessAbsent(readdir(logDirectory(target.path, id)), []);
  return {
    attempts,
    latest: Math.max(0, ...attempts.map(({ attempt }) => attempt), ...logs.map((name) => parseLogName(name) ?? 0)),
  };
}

async function attemptsOf(
  target: Target,
  id: string,
): Promise<readonly { readonly path: string; readonly attempt: number }[]> {
  const attempts = join(target.path, ATTEMPTS);
  const names = await unlessAbsent(readdir(attempts), []);
  return names.flatMap((name) => {
    const parsed = parseAttemptName(name);
    return parsed?.id === id ? [{ path: join(attempts, name), attempt: parsed.attempt }] : [];
  });
}
