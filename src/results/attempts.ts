// The directories of attempts, `.attempts/<id>.<n>` and `.attempts/<id>.<n>.scratch`. The number n is the fence: an attempt
// whose worker was thought lost must not touch the files of a later one.

import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AttemptSuperseded, type AttemptDirectory } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import type { Target } from './instance-file.ts';
import {
  ATTEMPTS,
  attemptPath,
  logDirectory,
  logPath,
  parseAttemptName,
  parseLogName,
  publishedPath,
  scratchPath,
} from './layout.ts';
import { unlessAbsent } from './storage-failure.ts';
import type { TargetDirectories } from './targets.ts';

interface AttemptPath {
  readonly path: string;
  readonly attempt: number;
}

export function beginAttempt(targets: TargetDirectories, compose: Compose): Promise<AttemptDirectory> {
  return targets.useWritable(compose.targetDir, async (target) => {
    await trashEarlierAttempts(targets, target, compose);
    const { id, attempt } = compose;
    const directory = attemptPath(target.path, id, attempt);
    const scratch = scratchPath(target.path, id, attempt);
    await mkdir(directory);
    await mkdir(scratch, { mode: 0o700 });
    // The log exists from the beginning: it is how an earlier attempt finds out that it was superseded.
    await mkdir(logDirectory(target.path, id), { recursive: true });
    await writeFile(logPath(target.path, id, attempt), '', { flag: 'a' });
    return { directory, scratch };
  });
}

async function trashEarlierAttempts(targets: TargetDirectories, target: Target, compose: Compose): Promise<void> {
  const latest = await latestAttempt(target, compose.id);
  if (latest > compose.attempt)
    throw new AttemptSuperseded(
      `attempt ${compose.attempt} of compose ${compose.id} was superseded by attempt ${latest}`,
    );
  for (const { path } of await attemptsOf(target, compose.id)) await targets.trash(target, path);
  if (compose.state !== 'DONE') await targets.trash(target, publishedPath(target.path, compose.id));
}

export function trashAttempt(targets: TargetDirectories, attempt: AttemptDirectory): Promise<void> {
  return targets.use(targets.ofAttempt(attempt).name, async (target) => {
    await targets.trash(target, attempt.directory);
    await targets.trash(target, attempt.scratch);
  });
}

export function trashAttempts(targets: TargetDirectories, compose: Compose): Promise<void> {
  return targets.useOwned(compose.targetDir, async (target) => {
    const latest = await latestAttempt(target, compose.id);
    for (const { path, attempt } of await attemptsOf(target, compose.id))
      if (attempt <= compose.attempt) await targets.trash(target, path);
    // A process that was frozen can have lost the row lock; then the published files may be those of a later attempt.
    if (compose.state !== 'DONE' && latest <= compose.attempt)
      await targets.trash(target, publishedPath(target.path, compose.id));
  });
}

/** The number of the latest attempt that has begun; 0 when there is none. Its log stays when its directory is published. */
export async function latestAttempt(target: Target, id: string): Promise<number> {
  const attempts = await attemptsOf(target, id);
  const logs = await unlessAbsent(readdir(logDirectory(target.path, id)), []);
  return Math.max(0, ...attempts.map(({ attempt }) => attempt), ...logs.map((name) => parseLogName(name) ?? 0));
}

/** Directories and scratch directories of a compose's attempts. */
export async function attemptsOf(target: Target, id: string): Promise<readonly AttemptPath[]> {
  const attempts = join(target.path, ATTEMPTS);
  const names = await unlessAbsent(readdir(attempts), []);
  return names.flatMap((name) => {
    const parsed = parseAttemptName(name);
    return parsed?.id === id ? [{ path: join(attempts, name), attempt: parsed.attempt }] : [];
  });
}
