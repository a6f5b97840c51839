// Published composes, `odcs-<id>`. They appear by one rename, disappear by one rename, and never change in between. Relies on a
// target directory being one file system, and on the caller's lock of the compose's row.

import { lstat, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AttemptSuperseded, type AttemptDirectory } from '../app/ports.ts';
import { directoryName } from '../compose/compose-id.ts';
import type { Compose } from '../compose/compose.ts';
import { VARIANT } from '../compose/productmd.ts';
import { descriptorOf } from '../compose/sources/descriptors.ts';
import { attemptsOf, latestAttempt } from './attempts.ts';
import { linkCompose, unlinkCompose } from './compose-links.ts';
import type { Target } from './instance-file.ts';
import { logDirectory, publishedPath } from './layout.ts';
import { isServed, repoFileText } from './repo-file.ts';
import { codeOf, unlessAbsent } from './storage-failure.ts';
import type { TargetDirectories } from './targets.ts';

export async function writeRepoFile(
  targets: TargetDirectories,
  publicUrl: string,
  compose: Compose,
  { directory }: AttemptDirectory,
): Promise<void> {
  if (descriptorOf(compose.source).output !== 'repository') return;
  const path = repoFilePath(directory, compose.id);
  await targets.use(compose.targetDir, () => writeFile(path, repoFileText(compose, publicUrl), { flag: 'wx' }));
}

export function publish(targets: TargetDirectories, compose: Compose, { directory }: AttemptDirectory): Promise<void> {
  return targets.use(compose.targetDir, async (target) => {
    try {
      await rename(directory, publishedPath(target.path, compose.id));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      if (!(await isPublished(target, compose))) throw superseded(compose, error);
    }
    await linkCompose(target.path, compose);
  });
}

/** Whether this attempt was published before, in a transaction that was not committed. */
async function isPublished(target: Target, { id, attempt }: Compose): Promise<boolean> {
  // Published files of an earlier attempt were trashed when this attempt began.
  const stats = await unlessAbsent(lstat(publishedPath(target.path, id)), null);
  return (stats?.isDirectory() ?? false) && (await latestAttempt(target, id)) <= attempt;
}

function superseded({ id, attempt }: Compose, cause: unknown): AttemptSuperseded {
  return new AttemptSuperseded(`attempt ${attempt} of compose ${id} was superseded`, { cause });
}

export function trashCompose(targets: TargetDirectories, compose: Compose): Promise<void> {
  return targets.useOwned(compose.targetDir, async (target) => {
    await unlinkCompose(target.path, compose);
    await targets.trash(target, publishedPath(target.path, compose.id));
    for (const { path } of await attemptsOf(target, compose.id)) await targets.trash(target, path);
    await targets.trash(target, logDirectory(target.path, compose.id));
  });
}

export function repoFile(
  targets: TargetDirectories,
  publicUrl: string,
  compose: Compose,
): string | null | Promise<string | null> {
  if (!isServed(compose)) return null;
  switch (descriptorOf(compose.source).output) {
    case 'variants':
      return null;
    case 'repository':
      return repoFileText(compose, publicUrl);
    case 'repo-file':
      return publishedRepoFile(targets, compose);
  }
}

/** The engine wrote it. Null when the compose is trashed at the same time. */
function publishedRepoFile(targets: TargetDirectories, { id, reuses, targetDir }: Compose): Promise<string | null> {
  const servedId = reuses ?? id;
  return targets.use(targetDir, ({ path }) =>
    unlessAbsent(readFile(repoFilePath(publishedPath(path, servedId), servedId), 'utf8'), null),
  );
}

/** `directory`: of the compose or of its attempt. */
function repoFilePath(directory: string, id: string): string {
  return join(directory, 'compose', VARIANT, `${directoryName(id)}.repo`);
}
