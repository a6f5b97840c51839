// Finds what lies in a target directory by names that are ours: published composes, attempts, logs. Names are taken
// literally, only real directories on the target's own file system count, and no link is followed to anything that
// could be deleted. Whether something found is still needed is for the database to say.

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

/** Everything of ours that nobody has touched since `before`. */
export async function findLeftovers(target: Target, before: Date): Promise<readonly Leftover[]> {
  const { dev } = await lstat(target.path);
  const found: Leftover[] = [];
  for (const { place, kind, pattern } of PLACES) {
    for (const name of await unlessAbsent(readdir(join(target.path, place)), [])) {
      const [, id, attempt] = pattern.exec(name) ?? [];
      if (id === undefined) continue;
      const stats = await unlessAbsent(lstat(join(target.path, place, name)), null);
      if (stats && isOldDirectory(stats, dev, before))
        found.push({ kind, id, attempt: attempt === undefined ? null : Number(attempt), path: join(place, name) });
    }
  }
  return found;
}

const PLACES = [
  { place: '.', kind: 'published', pattern: PUBLISHED },
  { place: ATTEMPTS, kind: 'attempt', pattern: ATTEMPT },
  { place: LOGS, kind: 'logs', pattern: LOG },
] as const;

/** A rename touches the directory itself, a restored backup its contents: the later of the two counts. */
function isOldDirectory(stats: Stats, dev: number, before: Date): boolean {
  return stats.isDirectory() && stats.dev === dev && Math.max(stats.ctimeMs, stats.mtimeMs) < before.getTime();
}

/** Where a leftover is now; null where that is not ours any more, or not what was found. */
export async function leftoverPath(target: Target, { kind, path }: Leftover): Promise<string | null> {
  const place = PLACES.find((candidate) => candidate.kind === kind);
  const name = place && relative(place.place, path);
  if (!place || !name || !place.pattern.test(name)) return null;
  const absolute = join(target.path, place.place, name);
  const stats = await unlessAbsent(lstat(absolute), null);
  return stats?.isDirectory() ? absolute : null;
}

/** Ids of the composes that a link `latest-…` leads to, of the target directory itself or of a compose type's in it. */
export async function latestComposes(target: Target): Promise<ReadonlySet<string>> {
  const top = await realpath(target.path);
  const latest = new Set<string>();
  for (const place of ['.', ...COMPOSE_TYPES.map((type) => type.toLowerCase())]) {
    for (const name of await namesIn(join(target.path, place))) {
      if (!name.startsWith('latest-')) continue;
      const end = await leadsTo(join(target.path, place, name));
      const id = end === null ? undefined : PUBLISHED.exec(relative(top, end).split('/')[0] ?? '')?.[1];
      if (id !== undefined) latest.add(id);
    }
  }
  return latest;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  const stats = await unlessAbsent(lstat(directory), null);
  return stats?.isDirectory() ? unlessAbsent(readdir(directory), []) : [];
}

/** Null for a link to nothing, or to itself. */
async function leadsTo(link: string): Promise<string | null> {
  try {
    return await realpath(link);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ELOOP' || codeOf(error) === 'ENOTDIR') return null;
    throw error;
  }
}
