// Results on disk, in one or several target directories: they appear whole, by one rename, or not at all, and go the
// same way. Relies on each target directory being one file system, and on the caller's row lock for publish and remove.

import { mkdir, readdir, rename, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StorageFailed, type AttemptDirectory, type Logger, type Results } from '../app/ports.ts';
import { directoryName, type Compose } from '../compose/compose.ts';
import type { ComposeFailure } from '../compose/failure.ts';
import { logWriter, readLogChunk, type LogWriter } from './compose-log.ts';
import { checkOwner, checkTarget, claimTarget, type Target } from './instance-file.ts';
import { ATTEMPTS, attemptPath, logDirectory, logPath, parseAttemptName, parseLogName, publishedPath, scratchPath, targetOfAttempt } from './layout.ts';
import { logText } from './log-text.ts';
import { readManifest } from './manifest.ts';
import { VARIANT, hasRepoFile, isServed, repoFileText, urlsOf } from './repo-file.ts';
import { codeOf, onFileSystem, storageFailure, unlessAbsent } from './storage-failure.ts';
import { moveToTrash } from './trash.ts';
import { trashEmptier } from './trash-emptier.ts';

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
  readonly logger: Logger;
}

export function createResults(options: ResultsOptions): Results {
  const { instanceId, publicUrl, logger } = options;
  const targets = new Map(Object.entries(options.targetDirs).map(([name, path]): [string, Target] => [name, { name, path }]));
  const writers = new Map<string, LogWriter>();
  const emptier = trashEmptier([...targets.values()], instanceId, logger);

  function targetOf(name: string): Target {
    const target = targets.get(name);
    if (!target) throw new StorageFailed(storageFailure(name, 'is not configured here'));
    return target;
  }
  function targetOfDirectory({ directory }: AttemptDirectory): Target {
    const path = targetOfAttempt(directory);
    const target = [...targets.values()].find((candidate) => candidate.path === path);
    if (!target) throw new Error(`not an attempt's directory: ${directory}`);
    return target;
  }
  async function discard(path: string, target: Target): Promise<void> {
    if (await moveToTrash(target.path, path)) emptier.wake();
  }
  function writerOf(compose: Compose, attempt: number): LogWriter {
    const { path: target } = targetOf(compose.targetDir);
    const path = logPath(target, compose.id, attempt);
    const writer = writers.get(path) ?? logWriter(path, logText({ target, id: compose.id, attempt, publicUrl }), logger);
    writers.set(path, writer);
    return writer;
  }

  return {
    async start() {
      for (const target of targets.values()) {
        await claimTarget(target, instanceId, options.adopt).catch((error: unknown) =>
          logger.warn({ err: error, target: target.path }, 'cannot prepare a target directory'),
        );
        const problem = await checkTarget(target, instanceId);
        if (problem) logger.error({ target: target.path }, problem.message);
      }
      emptier.start();
    },

    async stop() {
      await emptier.stop();
      await Promise.all([...writers.values()].map((writer) => writer.flush()));
    },

    async check(name) {
      const target = targets.get(name);
      if (!target) return storageFailure(name, 'is not configured here');
      const problem = await checkTarget(target, instanceId);
      if (problem) return problem;
      return (await freeBytes(target)) < options.minFreeBytes ? storageFailure(name, 'is almost full; free some space or have composes removed') : null;
    },

    freeBytes: (name) => freeBytes(targetOf(name)),

    begin: (compose) =>
      onFileSystem(compose.targetDir, async () => {
        const target = targetOf(compose.targetDir);
        refuse(await checkTarget(target, instanceId));
        await clearEarlierAttempts(target, compose, (path) => discard(path, target));
        const attempt = {
          directory: attemptPath(target.path, compose.id, compose.attempt),
          scratch: scratchPath(target.path, compose.id, compose.attempt),
        };
        await mkdir(attempt.directory);
        await mkdir(attempt.scratch, { mode: 0o700 });
        // Even an attempt that says nothing leaves a log: the trace that an earlier one, if it comes back, stops at.
        await mkdir(logDirectory(target.path, compose.id), { recursive: true });
        await writeFile(logPath(target.path, compose.id, compose.attempt), '', { flag: 'a' });
        return attempt;
      }),

    readManifest: ({ directory }) => readManifest(join(directory, 'compose')),

    async writeRepoFile(compose, { directory }) {
      if (!hasRepoFile(compose)) return;
      const path = join(directory, 'compose', VARIANT, `${directoryName(compose.id)}.repo`);
      await onFileSystem(compose.targetDir, () => writeFile(path, repoFileText(compose, publicUrl), { flag: 'wx' }));
    },

    publish: (compose, { directory }) =>
      onFileSystem(compose.targetDir, async () => {
        const { path } = targetOf(compose.targetDir);
        await rename(directory, publishedPath(path, compose.id)).catch((error: unknown) => {
          if (codeOf(error) !== 'ENOENT') throw error;
          throw new Error(`attempt ${compose.attempt} of compose ${compose.id} was taken over`, { cause: error });
        });
      }),

    async discard(attempt) {
      const target = targetOfDirectory(attempt);
      await onFileSystem(target.name, async () => {
        await discard(attempt.directory, target);
        await discard(attempt.scratch, target);
      });
    },

    remove: (compose) =>
      onFileSystem(compose.targetDir, async () => {
        const target = targetOf(compose.targetDir);
        refuse(await checkOwner(target, instanceId));
        await discard(publishedPath(target.path, compose.id), target);
        for (const { path } of await attemptsOf(target, compose.id)) await discard(path, target);
        await discard(logDirectory(target.path, compose.id), target);
      }),

    repoFile: (compose) => (isServed(compose) && hasRepoFile(compose) ? repoFileText(compose, publicUrl) : null),
    urls: (compose) => (isServed(compose) ? urlsOf(compose, publicUrl) : null),

    appendLog: (compose, attempt, text) => writerOf(compose, attempt).append(text),

    async flushLog(compose, attempt) {
      const path = logPath(targetOf(compose.targetDir).path, compose.id, attempt);
      const writer = writers.get(path);
      await writer?.flush();
      // Only where nothing came meanwhile: an attempt flushes once, at its end, and is then forgotten.
      if (writers.get(path) === writer) writers.delete(path);
    },

    readLog: (compose, attempt, offset, upToEnd) => readLogChunk(logPath(targetOf(compose.targetDir).path, compose.id, attempt), offset, upToEnd),
  };
}

async function freeBytes({ name, path }: Target): Promise<number> {
  const { bavail, bsize } = await onFileSystem(name, () => statfs(path));
  return bavail * bsize;
}

function refuse(problem: ComposeFailure | null): void {
  if (problem) throw new StorageFailed(problem);
}

/** A worker that was thought lost, and wakes up here, must neither clear away its successor's files nor a published compose. */
async function clearEarlierAttempts(target: Target, compose: Compose, discard: (path: string) => Promise<void>): Promise<void> {
  const attempts = await attemptsOf(target, compose.id);
  const logs = await unlessAbsent(readdir(logDirectory(target.path, compose.id)), []);
  const latest = Math.max(0, ...attempts.map(({ attempt }) => attempt), ...logs.map((name) => parseLogName(name) ?? 0));
  if (latest > compose.attempt) throw new Error(`attempt ${compose.attempt} of compose ${compose.id} was taken over by attempt ${latest}`);
  for (const { path } of attempts) await discard(path);
  if (compose.state !== 'DONE') await discard(publishedPath(target.path, compose.id));
}

async function attemptsOf(target: Target, id: string): Promise<readonly { readonly path: string; readonly attempt: number }[]> {
  const attempts = join(target.path, ATTEMPTS);
  const names = await unlessAbsent(readdir(attempts), []);
  return names.flatMap((name) => {
    const parsed = parseAttemptName(name);
    return parsed?.id === id ? [{ path: join(attempts, name), attempt: parsed.attempt }] : [];
  });
}
