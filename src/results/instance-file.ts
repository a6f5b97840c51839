// A target directory knows its database: a worker that is pointed at another one's directory by mistake must neither
// publish into it nor sweep it. The mark is set only when the service starts, and only on an empty directory (or when
// told to): a file system that is unmounted later leaves an empty directory that is not ours.

import { randomUUID } from 'node:crypto';
import { link, lstat, mkdir, open, readFile, readdir, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ComposeFailure } from '../compose/failure.ts';
import { ATTEMPTS, INSTANCE_FILE, LOGS, TRASH } from './layout.ts';
import { codeOf, fromFileSystem, storageFailure, unlessAbsent } from './storage-failure.ts';

export interface Target {
  readonly name: string;
  readonly path: string;
}

/** Creates the directory where it is absent, and marks it where it is empty or `adopt` is set. */
export async function claimTarget({ path }: Target, instanceId: string, adopt: boolean): Promise<void> {
  await mkdir(path, { recursive: true });
  const owner = await readInstance(path);
  if (owner === null ? adopt || (await isEmpty(path)) : adopt && owner !== instanceId)
    await mark(path, instanceId, adopt);
  if ((await readInstance(path)) !== instanceId) return;
  for (const name of [ATTEMPTS, TRASH, LOGS]) await mkdir(join(path, name), { recursive: true });
}

/** Null where the directory is this database's and complete; a full one is, too. */
export function checkOwner(target: Target, instanceId: string): Promise<ComposeFailure | null> {
  return checking(target, async () => {
    const owner = await readInstance(target.path);
    if (owner !== instanceId) return foreign(target, owner);
    for (const name of [ATTEMPTS, TRASH, LOGS]) {
      const stats = await lstat(join(target.path, name));
      if (!stats.isDirectory()) return storageFailure(target.name, `has a ${name} that is not a directory`);
    }
    return null;
  });
}

/** Null where the directory is this database's, complete and writable. */
export function checkTarget(target: Target, instanceId: string): Promise<ComposeFailure | null> {
  return checking(target, async () => {
    const problem = await checkOwner(target, instanceId);
    if (!problem) await probeWrite(join(target.path, TRASH, randomUUID()));
    return problem;
  });
}

async function checking(target: Target, look: () => Promise<ComposeFailure | null>): Promise<ComposeFailure | null> {
  try {
    return await look();
  } catch (error) {
    const reason = fromFileSystem(target.name, error);
    if (reason) return reason;
    throw error;
  }
}

function foreign(target: Target, owner: string | null): ComposeFailure {
  return storageFailure(
    target.name,
    owner === null
      ? `has no ${INSTANCE_FILE}: it was not empty when the service started, or its file system is not mounted; start with ODCS_ADOPT_TARGET=1 if it is the right one`
      : `belongs to another database (${INSTANCE_FILE} says ${owner}); start with ODCS_ADOPT_TARGET=1 to take it over`,
  );
}

async function readInstance(path: string): Promise<string | null> {
  const text = await unlessAbsent(readFile(join(path, INSTANCE_FILE), 'utf8'), null);
  return text === null ? null : text.trim().slice(0, 64);
}

async function isEmpty(path: string): Promise<boolean> {
  const names = await readdir(path);
  return names.every((name) => name === 'lost+found' || name.startsWith(INSTANCE_FILE));
}

/** Whole or not at all; of two processes that start at once, the first one's stands unless `replace`. */
async function mark(path: string, instanceId: string, replace: boolean): Promise<void> {
  const file = join(path, INSTANCE_FILE);
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, `${instanceId}\n`, { flag: 'wx', flush: true });
  if (replace) return rename(draft, file);
  try {
    await link(draft, file);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
}

/** Permissions and free space say little about quotas and broken mounts; writing does. In the trash, so that nothing stays where this process dies. */
async function probeWrite(path: string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile('probe');
  } finally {
    await file.close();
    // Whoever empties the trash may have been faster.
    await unlessAbsent(unlink(path), undefined);
  }
}
