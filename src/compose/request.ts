// An accepted request: every default filled in, every list in canonical order, ready to be stored.

import { wordsOf, type ComposeFlag, type ComposeResult, type ComposeType, type MultilibMethod } from './vocabulary.ts';
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

/**
 * How each field enters the sharing digest (sharing.ts): `asIs`, `sorted` if its order means nothing, or not at all. The
 * order of the table is the order in the digest, so a change of it makes the composes of earlier versions unusable for reuse.
 */
export const DIGESTED_FIELDS: Readonly<Record<Exclude<keyof ComposeRequest, 'source'>, 'asIs' | 'sorted' | null>> = {
  secondsToLive: null,
  arches: 'sorted',
  flags: 'sorted',
  results: 'sorted',
  sigkeys: 'asIs',
  multilibArches: 'sorted',
  multilibMethods: 'sorted',
  lookasideRepos: 'sorted',
  composeType: 'asIs',
  label: 'asIs',
  targetDir: 'asIs',
  parentPungiComposeIds: 'sorted',
  respinOf: 'asIs',
};

/** The request alone, of a compose for example. */
export function requestOf(compose: ComposeRequest): ComposeRequest {
  const fields = (['source', ...wordsOf(DIGESTED_FIELDS)] as const).map((field) => [field, compose[field]]);
  return Object.fromEntries(fields) as ComposeRequest;
}
