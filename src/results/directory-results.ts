// Results in target directories: puts together what the files of this room do.

import { join } from 'node:path';
import type { Results } from '../app/ports.ts';
import { beginAttempt, trashAttempt, trashAttempts } from './attempts.ts';
import { linkLatest } from './compose-links.ts';
import { DirectoryFileCache, NO_CACHE, type CacheLimits } from './file-cache.ts';
import { findLeftovers, latestComposeIds, leftoverPath } from './leftovers.ts';
import { AttemptLogs } from './logs.ts';
import { readManifest } from './manifest.ts';
import { publish, repoFile, trashCompose, writeRepoFile } from './published.ts';
import { isServed, urlsOf } from './repo-file.ts';
import { TargetDirectories, type TargetOptions } from './targets.ts';

export interface ResultsOptions extends TargetOptions {
  /** URL of the service, without a slash at its end. */
  readonly publicUrl: string;
  /** Without it, there is no cache. */
  readonly cache?: CacheLimits;
}

export function createResults(options: ResultsOptions): Results {
  const { publicUrl, logger } = options;
  const targets = new TargetDirectories(options);
  const logs = new AttemptLogs(targets, publicUrl, logger);
  return {
    cache: options.cache ? new DirectoryFileCache(targets, options.cache, logger) : NO_CACHE,
    start: () => targets.start(),
    async stop() {
      await targets.stop();
      await logs.flushAll();
    },
    reachableTargets: async () => (await targets.reachable()).map(({ name }) => name),
    checkTarget: (name) => targets.check(name),
    findLeftovers: (name, before) => targets.use(name, (target) => findLeftovers(target, before)),
    trashLeftover: (name, leftover) =>
      targets.useOwned(name, async (target) => {
        const path = await leftoverPath(target, leftover);
        if (path !== null) await targets.trash(target, path);
      }),
    purgeTrash: () => targets.purgeTrash(),
    latestComposeIds: (name) => targets.use(name, latestComposeIds),
    beginAttempt: (compose) => beginAttempt(targets, compose),
    readManifest: ({ directory }) => readManifest(join(directory, 'compose')),
    writeRepoFile: (compose, attempt) => writeRepoFile(targets, publicUrl, compose, attempt),
    publish: (compose, attempt) => publish(targets, compose, attempt),
    linkLatest: (compose, isNewer) =>
      targets.useOwned(compose.targetDir, ({ path }) => linkLatest(path, compose, isNewer)),
    trashAttempt: async (attempt) => trashAttempt(targets, attempt),
    trashAttempts: (compose) => trashAttempts(targets, compose),
    trashCompose: (compose) => trashCompose(targets, compose),
    repoFile: (compose) => repoFile(targets, publicUrl, compose),
    urls: (compose) => (isServed(compose) ? urlsOf(compose, publicUrl) : null),
    appendLog: (compose, attempt, text) => logs.append(compose, attempt, text),
    flushLog: (compose, attempt) => logs.flush(compose, attempt),
    readLog: (compose, attempt, offset, upToEnd) => logs.read(compose, attempt, offset, upToEnd),
  };
}
