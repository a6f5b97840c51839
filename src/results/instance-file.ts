// Ties a target directory to its database by `.odcs-instance`: a worker that is configured with another service's directory by
// mistake must not write to it. The file is written at the start only, and into an empty directory only (or with adoption): a
// file system that is unmounted later leaves an empty directory, which must not be claimed.

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

/** Creates the directory. Claims it when it is empty, or when `adopt` is set. */
export async function claimTarget({ path }: Target, instanceId: string, adopt: boolean): Promise<void> {
  await mkdir(path, { recursive: true });
  const owner = await readInstance(path);
  if (owner === null ? adopt || (await isEmpty(path)) : adopt && owner !== instanceId)
    await writeInstance(path, instanceId, adopt);
  if ((await readInstance(path)) !== instanceId) return;
  for (const name of [ATTEMPTS, TRASH, LOGS]) await mkdir(join(path, name), { recursive: true });
}

/** Null when the directory belongs to this database and is complete. It can be full or read-only. */
export function checkOwner(target: Target, instanceId: string): Promise<ComposeFailure | null> {
  return withFailure(target, async () => {
    const owner = await readInstance(target.path);
    if (owner !== instanceId) return foreign(target, owner);
    for (const name of [ATTEMPTS, TRASH, LOGS]) {
      const stats = await lstat(join(target.path, name));
      if (!stats.isDirectory())
        return storageFailure(target.name, `has a ${name} that is not a directory. Ask an administrator to correct it`);
    }
    return null;
  });
}

/** Null when the directory belongs to this database, is complete and writable. */
export function checkWritable(target: Target, instanceId: string): Promise<ComposeFailure | null> {
  return withFailure(target, async () => {
    const problem = await checkOwner(target, instanceId);
    if (!problem) await probeWrite(join(target.path, TRASH, randomUUID()));
    return problem;
  });
}

/** Turns errors of the file system into the failure. */
async function withFailure(
  target: Target,
  check: () => Promise<ComposeFailure | null>,
): Promise<ComposeFailure | null> {
  try {
    return await check();
  } catch (error) {
    const problem = fromFileSystem(target.name, error);
    if (problem) return problem;
    throw error;
  }
}

function foreign(target: Target, owner: string | null): ComposeFailure {
  return storageFailure(
    target.name,
    owner === null
      ? `has no ${INSTANCE_FILE}: it was not empty when the service started, or its file system is not mounted. If it is the right directory, start the service with ODCS_ADOPT_TARGET=1`
      : `belongs to another database (${INSTANCE_FILE} has ${owner}). To take it over, start the service with ODCS_ADOPT_TARGET=1`,
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

/** Atomic. Of two processes that start at the same time, the first one wins, unless `replace` is set. */
async function writeInstance(path: string, instanceId: string, replace: boolean): Promise<void> {
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

/** Only writing finds exceeded quotas and broken mounts. Writes into the trash, so that a crash leaves nothing behind. */
async function probeWrite(path: string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile('probe');
  } finally {
    await file.close();
    // A purge can be faster.
    await unlessAbsent(unlink(path), undefined);
  }
}
