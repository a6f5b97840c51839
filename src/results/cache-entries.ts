// The entries of the cache on disk, `.kept/<key>.<uuid>`. An entry appears and disappears by one rename and never changes.
// Several processes can restore, store and trash entries at the same time, and a crash leaves whole entries only.

import { randomUUID } from 'node:crypto';
import {
  constants,
  copyFile,
  link,
  lstat,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { CachedFiles, CacheKey } from '../app/ports.ts';
import type { Target } from './instance-file.ts';
import { CACHE } from './layout.ts';
import { codeOf, unlessAbsent } from './storage-failure.ts';

/** The file in an entry that lists its other files. */
const ENTRY_MANIFEST = 'kept.json';
const ENTRY_NAME = /^([0-9A-Za-z]{1,64})\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const relativePath = z.string().regex(/^(?!\/)(?!.*(?:^|\/)\.\.?(?:\/|$))[^\u0000]+$/);
const manifest = z.strictObject({
  /** Milliseconds since 1970. Of the entries of a key, the latest one counts. */
  at: z.number(),
  rank: z.number(),
  files: z.array(z.strictObject({ path: relativePath, bytes: z.number() })),
});
type Manifest = z.infer<typeof manifest>;

export interface CacheEntry extends Manifest {
  readonly key: CacheKey;
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly lastUsedAt: number;
  /** Of all files. */
  readonly bytes: number;
}

/** Of one key, or of all (null); latest first. An unreadable entry is as old as possible, so that it gets evicted. */
export async function readEntries(target: Target, key: CacheKey | null): Promise<readonly CacheEntry[]> {
  const directory = join(target.path, CACHE);
  const entries: CacheEntry[] = [];
  for (const name of await unlessAbsent(readdir(directory), [])) {
    const found = ENTRY_NAME.exec(name)?.[1];
    if (found === undefined || (key !== null && found !== key)) continue;
    const entry = await readEntry(found, join(directory, name));
    if (entry) entries.push(entry);
  }
  // All processes agree on the latest entry, even of two with the same time.
  return entries.sort((a, b) => b.at - a.at || (a.path < b.path ? -1 : 1));
}

async function readEntry(key: CacheKey, path: string): Promise<CacheEntry | null> {
  const stats = await unlessAbsent(lstat(path), null);
  if (!stats?.isDirectory()) return null;
  const text = await unlessAbsent(readFile(join(path, ENTRY_MANIFEST), 'utf8'), '');
  const content = manifest.safeParse(parseJson(text)).data ?? { at: 0, rank: 0, files: [] };
  return { ...content, key, path, lastUsedAt: stats.mtimeMs, bytes: totalBytes(content.files) };
}

interface NewEntry extends CachedFiles {
  readonly key: CacheKey;
  /** The entry is made here, so that a crash leaves it to the purge of the attempt. */
  readonly scratch: string;
  readonly now: Date;
  /** Time of the entry that it replaces; null for none. */
  readonly replacedAt: number | null;
  readonly maxBytes: number;
}

/** False when the files are larger than `maxBytes`; then nothing is stored. */
export async function writeEntry(target: Target, entry: NewEntry): Promise<boolean> {
  const { key, scratch, from, paths, rank, now, replacedAt, maxBytes } = entry;
  const name = `${key}.${randomUUID()}`;
  const draft = join(scratch, name);
  const files: Manifest['files'] = [];
  for (const path of paths) {
    await linkOrCopy(join(from, path), join(draft, relativePath.parse(path)));
    files.push({ path, bytes: (await lstat(join(draft, path))).size });
  }
  if (totalBytes(files) > maxBytes) {
    await rm(draft, { recursive: true });
    return false;
  }
  // Later than the replaced entry, even when the clocks of two hosts differ.
  const at = Math.max(now.getTime(), (replacedAt ?? 0) + 1);
  await writeFile(join(draft, ENTRY_MANIFEST), JSON.stringify({ at, rank, files } satisfies Manifest));
  await utimes(draft, now, now);
  await mkdir(join(target.path, CACHE), { recursive: true, mode: 0o700 });
  await rename(draft, join(target.path, CACHE, name));
  return true;
}

/** Links the files into `to`. `gone`: the entry was trashed meanwhile; `damaged`: files lack or have another size. */
export async function linkEntry({ path, files }: CacheEntry, to: string): Promise<'hit' | 'gone' | 'damaged'> {
  try {
    await mkdir(to, { recursive: true });
    for (const file of files) {
      await linkOrCopy(join(path, file.path), join(to, file.path));
      if ((await lstat(join(to, file.path))).size !== file.bytes) return 'damaged';
    }
    return 'hit';
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    return (await unlessAbsent(lstat(path), null)) ? 'damaged' : 'gone';
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  try {
    await link(from, to);
  } catch (error) {
    if (!['EXDEV', 'EPERM', 'EMLINK'].includes(codeOf(error) ?? '')) throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  }
}

function totalBytes(files: readonly { readonly bytes: number }[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
