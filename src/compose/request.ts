// An accepted request: every default filled in, every list in canonical order, ready to be stored.

import type { ComposeFlag, ComposeResult, ComposeType, MultilibMethod } from './vocabulary.ts';
import type { ComposeSource } from './sources/descriptors.ts';

export interface ComposeRequest {
  readonly source: ComposeSource;
  /** Lifetime of the results, counted from the end of the compose. */
  readonly secondsToLive: number;
  readonly arches: readonly string[];
  readonly flags: readonly ComposeFlag[];
  readonly results: readonly ComposeResult[];
  /** In order of preference; an empty string allows unsigned packages. */
  readonly sigkeys: readonly string[];
  readonly multilibArches: readonly string[];
  readonly multilibMethods: readonly MultilibMethod[];
  readonly lookasideRepos: readonly string[];
  readonly composeType: ComposeType;
  readonly label: string | null;
  readonly targetDir: string;
  readonly parentPungiComposeIds: readonly string[];
  readonly respinOf: string | null;
}
