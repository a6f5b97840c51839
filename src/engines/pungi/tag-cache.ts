// What Pungi read of a tag, kept for its next compose of the same tag: an old compose, as `--old-composes` takes it, of the
// two things in it that save time and cannot make a compose a different one. Pungi takes the headers of an RPM from the
// cache by the RPM's path, and its repodata where size and time of the file are the same; all else it makes anew. It could
// reuse more (pkgset_allow_reuse, and the reuse of gather and images), but then unsigned packages that the first compose did
// not take pass unseen, and so do scratch builds and packages that were blocked meanwhile: that is left off.

import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Generation, FileCache } from '../../app/ports.ts';

export interface TagCache {
  /** A directory for `--old-composes`; null where nothing is kept. */
  take(generation: Generation): Promise<string | null>;
  /** After a run that finished. */
  keep(generation: Generation): Promise<void>;
  /** After a run that failed on it, and not without. */
  forget(generation: Generation): Promise<void>;
}

/** A tag's name is part of names of files. */
const PLAIN_TAG = /^[0-9A-Za-z][0-9A-Za-z_.:#+$~-]*$/;

/** `version`: of Pungi, whose caches are its own business. */
export function tagCache(kept: FileCache, version: () => Promise<string | null>): TagCache {
  return {
    async take(generation) {
      const { compose, identity, scratch } = generation;
      const tag = cachedTag(generation);
      if (tag === null || compose.flags.includes('NO_REUSE')) return null;
      const top = join(scratch, 'old-composes');
      // It looks for composes of its own release, which this one alone is of, by the form of their names.
      const isTaken = await kept.restore(keyOf(generation, tag, await version()), generation, join(top, identity.id));
      return isTaken ? top : null;
    },
    async keep(generation) {
      const tag = cachedTag(generation);
      if (tag === null) return;
      const from = generation.directory;
      const paths = await pathsIn(from, tag);
      // The event says which of two is the later one: a compose that is made again must not take the place of a newer one.
      if (paths)
        await kept.store(keyOf(generation, tag, await version()), generation, {
          from,
          paths,
          rank: generation.input.koji?.event ?? 0,
        });
    },
    async forget(generation) {
      const tag = cachedTag(generation);
      if (tag !== null) await kept.invalidate(keyOf(generation, tag, await version()), generation);
    },
  };
}

/** Null for what is not made of a tag. */
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

/** Null where Pungi left other things than it is known to leave. */
async function pathsIn(directory: string, tag: string): Promise<readonly string[] | null> {
  const work = join('work', 'global');
  const repodata = join(work, 'repo', tag, 'repodata');
  const headers = `pkgset_${tag}_file_cache.pickle`;
  const names = await filesIn(join(directory, repodata));
  const hasHeaders = (await filesIn(join(directory, work))).includes(headers);
  // Pungi takes nothing of a compose whose STATUS is not that of one that is finished.
  return hasHeaders && names.includes('repomd.xml')
    ? ['STATUS', join(work, headers), ...names.map((name) => join(repodata, name))]
    : null;
}

async function filesIn(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}
