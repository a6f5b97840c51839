// What the configuration lets a request ask for; the limits that hold everywhere.

import type { LocationBounds } from '../location.ts';
import type { ComposeResult } from '../vocabulary.ts';
import type { SourceAddition } from '../sources/additions.ts';
import type { SourceType } from '../sources/descriptors.ts';

export interface RequestRules extends LocationBounds {
  readonly arches: readonly string[];
  readonly targetDirs: readonly string[];
  readonly secondsToLive: number;
  readonly maxSecondsToLive: number;
  /** Source types that some configured engine can do, and the results that it gives of them. */
  readonly capabilities: ReadonlyMap<SourceType, ReadonlySet<ComposeResult>>;
  /** What no configured engine can take with a source of a type that it can do in general. */
  readonly unsupportedAdditions?: ReadonlyMap<SourceType, readonly SourceAddition[]>;
  /** What packages must be signed with where a request does not say. */
  readonly sigkeys: readonly string[];
  /** Names of the raw configurations that the server has. */
  readonly rawConfigs: readonly string[];
  /** Whether modules can be looked up by name; else only among those of modular tags. */
  readonly hasMbs: boolean;
  /** Modules that others are built on: part of no compose. */
  readonly baseModules: readonly string[];
  /** URL prefixes that git repositories of module defaults may lie below; undefined = any http(s) URL. */
  readonly moduleDefaultsUrls: readonly string[] | undefined;
}

export const LIMITS = { name: 255, list: 1_000, packages: 5_000, idempotencyKey: 200, revision: 250 } as const;
