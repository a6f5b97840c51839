// What is kept in a target directory for later attempts: `.kept/<key>.<uuid>`, of which the newest counts. An entry appears
// and goes by one rename and never changes; who takes it gets links of his own. So several processes may take, replace and
// throw away at once, and whoever dies leaves nothing but entries that are whole.

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
import type { AttemptDirectory, Clock, FileCache, CacheKey, Logger } from '../app/ports.ts';
import { RETRY_POLICIES } from '../concurrency/retry-policies.ts';
import { retry } from '../concurrency/retry.ts';
import type { Target } from './instance-file.ts';
import { KEPT, targetOfAttempt } from './layout.ts';
import { codeOf, unlessAbsent } from './storage-failure.ts';

export interface KeptFilesOptions {
  readonly targets: readonly Target[];
  /** Those that are there, here, and this database's. */
  readonly reachable: () => Promise<readonly Target[]>;
  readonly throwAway: (target: Target, path: string) => Promise<void>;
  readonly freeBytes: (target: Target) => Promise<number>;
  /** With less space than this in a target directory, nothing is kept in it. */
  readonly minFreeBytes: number;
  readonly maxAgeSeconds: number;
  /** In each target directory. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const MANIFEST = 'kept.json';
const KEY = /^[0-9A-Za-z]{1,64}$/;
const ENTRY = /^([0-9A-Za-z]{1,64})\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const relative = z.string().regex(/^(?!\/)(?!.*(?:^|\/)\.\.?(?:\/|$))[^\u0000]+$/);
const manifest = z.strictObject({
  at: z.number(),
  rank: z.number(),
  files: z.array(z.strictObject({ path: relative, bytes: z.number() })),
});

interface Entry extends z.infer<typeof manifest> {
  readonly key: CacheKey;
  readonly path: string;
  readonly takenAt: number;
  readonly bytes: number;
}

export const NOTHING_KEPT: FileCache = {
  restore: () => Promise.resolve(false),
  store: () => Promise.resolve(),
  invalidate: () => Promise.resolve(),
  evict: () => Promise.resolve(),
};

export class DirectoryKeptFiles implements FileCache {
  readonly #options: KeptFilesOptions;

  constructor(options: KeptFilesOptions) {
    this.#options = options;
  }

  async restore(key: CacheKey, attempt: AttemptDirectory, to: string): Promise<boolean> {
    const taken = await this.#quietly('taken', () => this.#take(key, this.#targetOf(attempt), to));
    return taken ?? false;
  }

  async store(key: CacheKey, attempt: AttemptDirectory, kept: Parameters<FileCache['store']>[2]): Promise<void> {
    await this.#quietly('kept', () => this.#keep(key, attempt, kept));
  }

  async invalidate(key: CacheKey, attempt: AttemptDirectory): Promise<void> {
    const target = this.#targetOf(attempt);
    await this.#quietly('thrown away', async () => {
      for (const { path } of await entriesOf(target, key)) await this.#options.throwAway(target, path);
    });
  }

  async evict(): Promise<void> {
    for (const target of await this.#options.reachable()) await this.#bound(target);
  }

  async #take(key: CacheKey, target: Target, to: string): Promise<boolean> {
    const { outcome } = await retry(
      RETRY_POLICIES['cache-race'],
      null,
      () => this.#takeNewest(key, target, to),
      (taken) => taken === 'gone' || taken === 'damaged',
    );
    return outcome === 'whole';
  }

  async #takeNewest(key: CacheKey, target: Target, to: string): Promise<'whole' | 'gone' | 'damaged' | 'miss'> {
    const [entry] = await entriesOf(target, key);
    if (!entry || this.#isTooOld(entry)) return 'miss';
    const taken = await linkAll(entry, to);
    if (taken === 'whole') {
      const now = this.#options.clock.now();
      await unlessAbsent(utimes(entry.path, now, now), undefined);
      return taken;
    }
    await rm(to, { recursive: true, force: true });
    if (taken === 'damaged') await this.#options.throwAway(target, entry.path);
    return taken;
  }

  async #keep(
    key: CacheKey,
    attempt: AttemptDirectory,
    { from, paths, rank }: Parameters<FileCache['store']>[2],
  ): Promise<void> {
    const { clock, maxAgeSeconds, maxBytes, throwAway } = this.#options;
    if (!KEY.test(key)) throw new Error(`not a key: ${key}`);
    const target = this.#targetOf(attempt);
    const [current] = await entriesOf(target, key);
    if (maxAgeSeconds === 0 || (current && !this.#isTooOld(current) && current.rank > rank)) return;
    // Drafted in the attempt's scratch: where this process dies, it goes with that.
    const name = `${key}.${randomUUID()}`;
    const draft = join(attempt.scratch, name);
    const files: z.infer<typeof manifest>['files'] = [];
    for (const path of paths) {
      await linkOrCopy(join(from, path), join(draft, relative.parse(path)));
      files.push({ path, bytes: (await lstat(join(draft, path))).size });
    }
    if (sum(files) > maxBytes) {
      await rm(draft, { recursive: true });
      return;
    }
    // Later than what it replaces, whatever the clocks of two hosts say.
    const at = Math.max(clock.now().getTime(), (current?.at ?? 0) + 1);
    await writeFile(join(draft, MANIFEST), JSON.stringify({ at, rank, files } satisfies z.infer<typeof manifest>));
    await utimes(draft, clock.now(), clock.now());
    await mkdir(join(target.path, KEPT), { recursive: true, mode: 0o700 });
    await rename(draft, join(target.path, KEPT, name));
    for (const { path } of (await entriesOf(target, key)).slice(1)) await throwAway(target, path);
    await this.#bound(target);
  }

  async #bound(target: Target): Promise<void> {
    const { freeBytes, minFreeBytes, maxBytes, throwAway } = this.#options;
    const limit = (await freeBytes(target)) < minFreeBytes ? 0 : maxBytes;
    let bytes = 0;
    for (const entry of (await entriesOf(target, null)).toSorted((a, b) => b.takenAt - a.takenAt)) {
      bytes += entry.bytes;
      if (this.#isTooOld(entry) || bytes > limit) await throwAway(target, entry.path);
    }
  }

  #isTooOld({ at }: Entry): boolean {
    return at + this.#options.maxAgeSeconds * 1000 <= this.#options.clock.now().getTime();
  }

  #targetOf({ directory }: AttemptDirectory): Target {
    const path = targetOfAttempt(directory);
    const target = this.#options.targets.find((candidate) => candidate.path === path);
    if (!target) throw new Error(`not an attempt's directory: ${directory}`);
    return target;
  }

  /** Files that are kept are worth no compose's failure. */
  async #quietly<T>(what: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      this.#options.logger.warn({ err: error }, `Files that make later composes faster cannot be ${what}`);
      return null;
    }
  }
}

/** Of one key, or of all; newest first. What cannot be read counts as very old, and goes. */
async function entriesOf(target: Target, key: CacheKey | null): Promise<readonly Entry[]> {
  const top = join(target.path, KEPT);
  const entries: Entry[] = [];
  for (const name of await unlessAbsent(readdir(top), [])) {
    const found = ENTRY.exec(name)?.[1];
    if (found === undefined || (key !== null && found !== key)) continue;
    const entry = await readEntry(found, join(top, name));
    if (entry) entries.push(entry);
  }
  // Everybody takes the same for the newest, also of two that were kept at once.
  return entries.sort((a, b) => b.at - a.at || (a.path < b.path ? -1 : 1));
}

async function readEntry(key: CacheKey, path: string): Promise<Entry | null> {
  const stats = await unlessAbsent(lstat(path), null);
  if (!stats?.isDirectory()) return null;
  const text = await unlessAbsent(readFile(join(path, MANIFEST), 'utf8'), '');
  const told = manifest.safeParse(parse(text)).data ?? { at: 0, rank: 0, files: [] };
  return { ...told, key, path, takenAt: stats.mtimeMs, bytes: sum(told.files) };
}

/** `gone`: it was replaced meanwhile. */
async function linkAll({ path, files }: Entry, to: string): Promise<'whole' | 'gone' | 'damaged'> {
  try {
    await mkdir(to, { recursive: true });
    for (const file of files) {
      await linkOrCopy(join(path, file.path), join(to, file.path));
      if ((await lstat(join(to, file.path))).size !== file.bytes) return 'damaged';
    }
    return 'whole';
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

function sum(files: readonly { readonly bytes: number }[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
