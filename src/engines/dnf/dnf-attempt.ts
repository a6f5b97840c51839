// What the steps of the dnf engine share about one attempt.

import type { Generation } from '../../app/ports.ts';
import type { ArchInput } from './arch-input.ts';

export interface DnfAttempt {
  readonly generation: Generation;
  readonly arches: readonly ArchInput[];
  /** Directory of downloaded packages, by checksum. */
  readonly downloads: string;
  /** The compose's `compose/` directory. */
  readonly target: string;
  /** dnf or dnf5. */
  readonly dnfCommand: string;
}

/** Arches that a step processes at the same time. */
export const ARCH_CONCURRENCY = 2;
