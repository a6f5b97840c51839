// Keeps what Pungi read of a Koji tag for the next compose of the same tag, and passes it as `--old-composes`. Only two things
// are kept, which save time and cannot change the result: RPM headers, by the path of the RPM, and repodata, by its size and
// time. Pungi's other reuse (pkgset_allow_reuse, gather, images) stays off: it can miss unsigned, scratch and blocked packages.

import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileCache, Generation } from '../../app/ports.ts';

export interface TagCache {
  /** A directory for `--old-composes`; null for a miss. */
  restore(generation: Generation): Promise<string | null>;
  /** Call it after a run that finished. */
  store(generation: Generation): Promise<void>;
  /** Call it when a run failed with the cache and succeeded without it. */
  invalidate(generation: Generation): Promise<void>;
}

/** Tags that can be part of a file name. */
const PLAIN_TAG = /^[0-9A-Za-z][0-9A-Za-z_.:#+$~-]*$/;

/** `version`: Pungi's version. Another version may not be able to read the files. */
export function tagCache(cache: FileCache, version: () => Promise<string | null>): TagCache {
  return {
    async restore(generation) {
      const { compose, identity, scratch } = generation;
      const tag = cachedTag(generation);
      if (tag === null || compose.flags.includes('NO_REUSE')) return null;
      const top = join(scratch, 'old-composes');
      // Pungi looks for directories named like a compose id of its own release.
      const isHit = await cache.restore(keyOf(generation, tag, await version()), generation, join(top, identity.id));
      return isHit ? top : null;
    },
    async store(generation) {
      const tag = cachedTag(generation);
      if (tag === null) return;
      const from = generation.directory;
      const paths = await cacheablePaths(from, tag);
      if (!paths) return;
      // Of two composes, the one at the later Koji event stays in the cache.
      const rank = generation.input.koji?.event ?? 0;
      await cache.store(keyOf(generation, tag, await version()), generation, { from, paths, rank });
    },
    async invalidate(generation) {
      const tag = cachedTag(generation);
      if (tag !== null) await cache.invalidate(keyOf(generation, tag, await version()), generation);
    },
  };
}

/** Null for a compose without a tag. */
function cachedTag({ input: { koji } }: Generation): string | null {
  return koji?.tag && PLAIN_TAG.test(koji.tag) ? koji.tag : null;
}

function keyOf({ compose, input: { koji } }: Generation, tag: string, version: string | null): string {
  const flags = compose.flags.filter((flag) => flag !== 'NO_REUSE').toSorted();
  const parts = [
    koji?.endpoint.profile,
    koji?.endpoint.topDir,
    tag,
    flags,
    compose.sigkeys,
    compose.arches.toSorted(),
    version,
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Null when Pungi did not leave the files that it is known to leave. */
async function cacheablePaths(directory: string, tag: string): Promise<readonly string[] | null> {
  const work = join('work', 'global');
  const repodata = join(work, 'repo', tag, 'repodata');
  const headers = `pkgset_${tag}_file_cache.pickle`;
  const repodataFiles = await filesIn(join(directory, repodata));
  const hasHeaders = (await filesIn(join(directory, work))).includes(headers);
  if (!hasHeaders || !repodataFiles.includes('repomd.xml')) return null;
  // Pungi ignores an old compose without the STATUS of a finished one.
  return ['STATUS', join(work, headers), ...repodataFiles.map((name) => join(repodata, name))];
}

async function filesIn(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
