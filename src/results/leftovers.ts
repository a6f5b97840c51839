// Finds leftovers: published composes, attempts and logs by their exact names. Only real directories on the target's own file
// system count, and no link is followed to anything that could be deleted. The database decides what is still needed.

import type { Stats } from 'node:fs';
import { lstat, readdir, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Leftover } from '../app/ports.ts';
import { COMPOSE_ID_DIGITS } from '../compose/compose-id.ts';
import { COMPOSE_TYPES } from '../compose/vocabulary.ts';
import type { Target } from './instance-file.ts';
import { ATTEMPTS, LOGS } from './layout.ts';
import { codeOf, unlessAbsent } from './storage-failure.ts';

const PUBLISHED = new RegExp(`^odcs-(${COMPOSE_ID_DIGITS})$`);
const ATTEMPT = new RegExp(`^(${COMPOSE_ID_DIGITS})\\.([1-9]\\d{0,9})(?:\\.scratch)?$`);
const LOG = new RegExp(`^(${COMPOSE_ID_DIGITS})$`);

/** Directories of the service that have not changed since `before`. */
export async function findLeftovers(target: Target, before: Date): Promise<readonly Leftover[]> {
  const { dev } = await lstat(target.path);
  const found: Leftover[] = [];
  for (const { parent, kind, pattern } of KINDS) {
    for (const name of await unlessAbsent(readdir(join(target.path, parent)), [])) {
      const [, id, attempt] = pattern.exec(name) ?? [];
      if (id === undefined) continue;
      const stats = await unlessAbsent(lstat(join(target.path, parent, name)), null);
      if (stats && isOldDirectory(stats, dev, before))
        found.push({ kind, id, attempt: attempt === undefined ? null : Number(attempt), path: join(parent, name) });
    }
  }
  return found;
}

const KINDS = [
  { parent: '.', kind: 'published', pattern: PUBLISHED },
  { parent: ATTEMPTS, kind: 'attempt', pattern: ATTEMPT },
  { parent: LOGS, kind: 'logs', pattern: LOG },
] as const;

/** A rename changes ctime, restoring a backup can change mtime. The later one counts. */
function isOldDirectory(stats: Stats, dev: number, before: Date): boolean {
  return stats.isDirectory() && stats.dev === dev && Math.max(stats.ctimeMs, stats.mtimeMs) < before.getTime();
}

/** The absolute path of a leftover; null when it is no directory of the service (any more). */
export async function leftoverPath(target: Target, { kind, path }: Leftover): Promise<string | null> {
  const found = KINDS.find((candidate) => candidate.kind === kind);
  const name = found && relative(found.parent, path);
  if (!found || !name || !found.pattern.test(name)) return null;
  const absolute = join(target.path, found.parent, name);
  const stats = await unlessAbsent(lstat(absolute), null);
  return stats?.isDirectory() ? absolute : null;
}

/** Ids of the composes that a `latest-*` link points to, in the target directory or in one of its compose types' directories. */
export async function latestComposeIds(target: Target): Promise<ReadonlySet<string>> {
  const top = await realpath(target.path);
  const latest = new Set<string>();
  for (const parent of ['.', ...COMPOSE_TYPES.map((type) => type.toLowerCase())]) {
    for (const name of await namesIn(join(target.path, parent))) {
      if (!name.startsWith('latest-')) continue;
      const destination = await resolveLink(join(target.path, parent, name));
      const id = destination === null ? undefined : PUBLISHED.exec(relative(top, destination).split('/')[0] ?? '')?.[1];
      if (id !== undefined) latest.add(id);
    }
  }
  return latest;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  const stats = await unlessAbsent(lstat(directory), null);
  return stats?.isDirectory() ? unlessAbsent(readdir(directory), []) : [];
}

/** Null for a dangling link or a loop. */
async function resolveLink(link: string): Promise<string | null> {
  try {
    return await realpath(link);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ELOOP' || codeOf(error) === 'ENOTDIR') return null;
    throw error;
  }
}
