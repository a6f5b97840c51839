// The cache of a target directory: which entry is a hit, which one is replaced, and which ones are evicted. An attempt gets links
// of its own, so that entries can be replaced and trashed while it uses them.

import { rm, utimes } from 'node:fs/promises';
import type { AttemptDirectory, CachedFiles, CacheKey, Clock, FileCache, Logger } from '../app/ports.ts';
import { RETRY_POLICIES } from '../concurrency/retry-policies.ts';
import { retry } from '../concurrency/retry.ts';
import { linkEntry, readEntries, writeEntry, type CacheEntry } from './cache-entries.ts';
import type { Target } from './instance-file.ts';
import { unlessAbsent } from './storage-failure.ts';
import type { TargetDirectories } from './targets.ts';

export interface CacheLimits {
  /** 0 switches the cache off. */
  readonly maxAgeSeconds: number;
  /** In each target directory. */
  readonly maxBytes: number;
  readonly clock: Clock;
}

const KEY = /^[0-9A-Za-z]{1,64}$/;

export const NO_CACHE: FileCache = {
  restore: () => Promise.resolve(false),
  store: () => Promise.resolve(),
  invalidate: () => Promise.resolve(),
  evict: () => Promise.resolve(),
};

export class DirectoryFileCache implements FileCache {
  readonly #targets: TargetDirectories;
  readonly #limits: CacheLimits;
  readonly #logger: Logger;

  constructor(targets: TargetDirectories, limits: CacheLimits, logger: Logger) {
    this.#targets = targets;
    this.#limits = limits;
    this.#logger = logger;
  }

  async restore(key: CacheKey, attempt: AttemptDirectory, to: string): Promise<boolean> {
    const target = this.#targets.ofAttempt(attempt);
    const result = await this.#logErrors('Cannot restore files from the cache', () =>
      retry(
        RETRY_POLICIES['cache-race'],
        null,
        () => this.#restoreLatest(key, target, to),
        (outcome) => outcome === 'gone' || outcome === 'damaged',
      ),
    );
    return result?.outcome === 'hit';
  }

  async store(key: CacheKey, attempt: AttemptDirectory, files: CachedFiles): Promise<void> {
    await this.#logErrors('Cannot store files in the cache', () => this.#store(key, attempt, files));
  }

  async invalidate(key: CacheKey, attempt: AttemptDirectory): Promise<void> {
    const target = this.#targets.ofAttempt(attempt);
    await this.#logErrors('Cannot invalidate files in the cache', async () => {
      for (const { path } of await readEntries(target, key)) await this.#targets.trash(target, path);
    });
  }

  async evict(): Promise<void> {
    for (const target of await this.#targets.reachable()) await this.#evictFrom(target);
  }

  async #restoreLatest(key: CacheKey, target: Target, to: string): Promise<'hit' | 'miss' | 'gone' | 'damaged'> {
    const [entry] = await readEntries(target, key);
    if (!entry || this.#isTooOld(entry)) return 'miss';
    const outcome = await linkEntry(entry, to);
    if (outcome === 'hit') {
      const now = this.#limits.clock.now();
      await unlessAbsent(utimes(entry.path, now, now), undefined);
      return outcome;
    }
    await rm(to, { recursive: true, force: true });
    if (outcome === 'damaged') await this.#targets.trash(target, entry.path);
    return outcome;
  }

  async #store(key: CacheKey, attempt: AttemptDirectory, files: CachedFiles): Promise<void> {
    const { clock, maxAgeSeconds, maxBytes } = this.#limits;
    if (!KEY.test(key)) throw new Error(`not a cache key: ${key}`);
    const target = this.#targets.ofAttempt(attempt);
    const [current] = await readEntries(target, key);
    if (maxAgeSeconds === 0 || (current && !this.#isTooOld(current) && current.rank > files.rank)) return;
    const replacedAt = current?.at ?? null;
    const { scratch } = attempt;
    const entry = { ...files, key, scratch, now: clock.now(), replacedAt, maxBytes };
    if (!(await writeEntry(target, entry))) return;
    for (const { path } of (await readEntries(target, key)).slice(1)) await this.#targets.trash(target, path);
    await this.#evictFrom(target);
  }

  /** Composes need the space more than the cache does: a full target directory loses all entries. */
  async #evictFrom(target: Target): Promise<void> {
    const limit = (await this.#targets.isFull(target)) ? 0 : this.#limits.maxBytes;
    let bytes = 0;
    for (const entry of (await readEntries(target, null)).toSorted((a, b) => b.lastUsedAt - a.lastUsedAt)) {
      bytes += entry.bytes;
      if (this.#isTooOld(entry) || bytes > limit) await this.#targets.trash(target, entry.path);
    }
  }

  #isTooOld({ at }: CacheEntry): boolean {
    return at + this.#limits.maxAgeSeconds * 1000 <= this.#limits.clock.now().getTime();
  }

  /** Null after an error: the cache must not fail an attempt. */
  async #logErrors<T>(message: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      this.#logger.warn({ err: error }, message);
      return null;
    }
  }
}
