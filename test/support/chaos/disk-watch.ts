// Watches the target directory and records which attempt's directory is published: a rename keeps the inode. So the file
// system, and not the service, tells which attempt was published.

import { lstatSync, watch, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { Records } from './records.ts';

const ATTEMPT = /^(\d+)\.(\d+)$/;
const PUBLISHED = /^odcs-(\d+)$/;

export class DiskWatch {
  readonly #targetDir: string;
  readonly #records: Records;
  readonly #watchers;
  /** By inode. The entry of a reused inode is overwritten. */
  readonly #attempts = new Map<number, { readonly id: string; readonly attempt: number }>();

  constructor(targetDir: string, records: Records) {
    this.#targetDir = targetDir;
    this.#records = records;
    this.#watchers = [
      watch(join(targetDir, '.attempts'), (_, name) => this.#sawAttempt(name ?? '')),
      watch(targetDir, (event, name) => event === 'rename' && this.#sawPublished(name ?? '')),
    ];
  }

  /** The attempt whose directory is published for a compose; null if its directory was not seen. */
  publishedAttempt(id: string): number | null {
    const stats = statsOf(join(this.#targetDir, `odcs-${id}`));
    return stats === null ? null : this.#attemptOf(id, stats);
  }

  /** Whether the directory of an attempt was seen. */
  hasSeen(path: string): boolean {
    const stats = statsOf(path);
    return stats !== null && this.#attempts.has(stats.ino);
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }

  #sawAttempt(name: string): void {
    const [, id, attempt] = ATTEMPT.exec(name) ?? [];
    const stats = id === undefined ? null : statsOf(join(this.#targetDir, '.attempts', name));
    if (stats && id !== undefined) this.#attempts.set(stats.ino, { id, attempt: Number(attempt) });
  }

  #sawPublished(name: string): void {
    const id = PUBLISHED.exec(name)?.[1];
    const stats = id === undefined ? null : statsOf(join(this.#targetDir, name));
    // Null if the event was the removal, or if the directory is gone already.
    if (stats && id !== undefined)
      this.#records.publications.push({ id, attempt: this.#attemptOf(id, stats), at: stats.ctimeMs });
  }

  #attemptOf(id: string, { ino }: Stats): number | null {
    const known = this.#attempts.get(ino);
    return known?.id === id ? known.attempt : null;
  }
}

function statsOf(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}
