// Canonical events in memory. A test can change a row before it is replaced.

import type { CanonicalEvent, KojiEventStore } from '../../src/app/ports.ts';

export class MemoryKojiEventStore implements KojiEventStore {
  readonly rows = new Map<string, CanonicalEvent>();
  /** Called before each replacement. */
  beforeReplace: (() => void) | null = null;

  find(profile: string, tag: string, inheritance: boolean): Promise<CanonicalEvent | null> {
    return Promise.resolve(this.rows.get(key(profile, tag, inheritance)) ?? null);
  }

  replace(expected: CanonicalEvent | null, next: CanonicalEvent): Promise<boolean> {
    this.beforeReplace?.();
    const at = key(next.profile, next.tag, next.inheritance);
    const isExpected = (this.rows.get(at)?.event ?? null) === (expected?.event ?? null);
    if (isExpected) this.rows.set(at, next);
    return Promise.resolve(isExpected);
  }
}

function key(profile: string, tag: string, inheritance: boolean): string {
  return JSON.stringify([profile, tag, inheritance]);
}
