// What the configuration of a server allows in requests, and limits that hold on every server.

import type { LocationBounds } from '../location.ts';
import type { ComposeResult } from '../vocabulary.ts';
import type { SourceAddition } from '../sources/additions.ts';
import type { SourceType } from '../sources/descriptors.ts';

export interface RequestRules extends LocationBounds {
  readonly arches: readonly string[];
  readonly targetDirs: readonly string[];
  readonly secondsToLive: number;
  readonly maxSecondsToLive: number;
  /** The source types that a configured engine can compose, each with the results that it can make. */
  readonly capabilities: ReadonlyMap<SourceType, ReadonlySet<ComposeResult>>;
  /** Additions that no configured engine supports for a source type that it can compose. */
  readonly unsupportedAdditions?: ReadonlyMap<SourceType, readonly SourceAddition[]>;
  /** The sigkeys of requests that name none. */
  readonly sigkeys: readonly string[];
  /** Names of the configured raw configurations. */
  readonly rawConfigs: readonly string[];
  /** Whether there is an MBS to look modules up in. Without it they are looked up in modular tags only. */
  readonly hasMbs: boolean;
  /** Modules that other modules are built on, e.g. `platform`. They are never part of a compose. */
  readonly baseModules: readonly string[];
  /** URL prefixes of the git repositories of module defaults that may be used. Undefined: any http(s) URL. */
  readonly moduleDefaultsUrls: readonly string[] | undefined;
}

/** Characters of a name, a key or a revision; items of a list. */
export const LIMITS = { name: 255, list: 1_000, packages: 5_000, idempotencyKey: 200, revision: 250 } as const;
