// Sees directories appear in the target directory as it happens: those of attempts, by their inodes, and those of
// composes, which a rename makes of them. So whose files are published is told by the file system, not by the service.

import { lstatSync, watch, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { Records } from './records.ts';

const ATTEMPT = /^(\d+)\.(\d+)$/;
const PUBLISHED = /^odcs-(\d+)$/;

export class DiskWatch {
  readonly #targetDir: string;
  readonly #records: Records;
  readonly #watchers;
  /** Inode → id and attempt. An inode is given anew once its directory is gone; then this is, too. */
  readonly #attempts = new Map<number, { readonly id: string; readonly attempt: number }>();

  constructor(targetDir: string, records: Records) {
    this.#targetDir = targetDir;
    this.#records = records;
    this.#watchers = [
      watch(join(targetDir, '.attempts'), (_, name) => this.#sawAttempt(name ?? '')),
      watch(targetDir, (event, name) => event === 'rename' && this.#sawPublished(name ?? '')),
    ];
  }

  /** The attempt that made what is published of a compose now; null where nobody saw it made. */
  madeBy(id: string): number | null {
    const stats = look(join(this.#targetDir, `odcs-${id}`));
    return stats === null ? null : this.#attemptOf(id, stats);
  }

  /** Whether the directory of an attempt was seen. */
  knows(path: string): boolean {
    const stats = look(path);
    return stats !== null && this.#attempts.has(stats.ino);
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.close();
  }

  #sawAttempt(name: string): void {
    const [, id, attempt] = ATTEMPT.exec(name) ?? [];
    const stats = id === undefined ? null : look(join(this.#targetDir, '.attempts', name));
    if (stats && id !== undefined) this.#attempts.set(stats.ino, { id, attempt: Number(attempt) });
  }

  #sawPublished(name: string): void {
    const id = PUBLISHED.exec(name)?.[1];
    const stats = id === undefined ? null : look(join(this.#targetDir, name));
    // Null: it has gone from there, or is gone again.
    if (stats && id !== undefined)
      this.#records.publications.push({ id, attempt: this.#attemptOf(id, stats), at: stats.ctimeMs });
  }

  #attemptOf(id: string, { ino }: Stats): number | null {
    const known = this.#attempts.get(ino);
    return known?.id === id ? known.attempt : null;
  }
}

function look(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}
