// Engines: each generates the files of a compose.

import type { Compose } from '../../compose/compose.ts';
import type { ComposeFailure } from '../../compose/failure.ts';
import type { PungiIdentity } from '../../compose/pungi-identity.ts';
import type { EngineName } from '../../compose/vocabulary.ts';
import type { PackageRecord } from './package-record.ts';
import type { ResolvedInput } from './sources.ts';
import type { ProcessGroup } from './work.ts';
import type { SourceAddition } from '../../compose/sources/additions.ts';
import type { SourceType } from '../../compose/sources/descriptors.ts';

export interface EngineInfo {
  readonly name: EngineName;
  /** Null when it is unknown. */
  readonly version: string | null;
  readonly sourceTypes: readonly SourceType[];
  /** Whether this machine has all tools of the engine. */
  readonly available: boolean;
  /** Source additions that it supports for none of its source types. */
  readonly unsupportedAdditions?: readonly SourceAddition[];
}

/** One attempt to generate a compose. */
export interface Generation {
  readonly compose: Compose;
  readonly attempt: number;
  readonly identity: PungiIdentity;
  readonly input: ResolvedInput;
  /** `.attempts/<id>.<n>`, empty at first. Its content at the end is published. */
  readonly directory: string;
  /** For configuration, caches and downloads. On the same file system; trashed after the attempt. */
  readonly scratch: string;
  /** Aborts when the compose is cancelled, exceeds its deadline, or the worker stops. */
  readonly signal: AbortSignal;
  /** `percent`: 0 to 100. */
  progress(percent: number, phase: string, message?: string): void;
  /** Appends to the attempt's log. The log replaces server paths. */
  log(text: string): void;
  /** Stores the complete configuration of a raw configuration's run, as JSON. */
  keepConfiguration(dump: string): void;
  /** Stores a process group, so that another worker can kill it when this one dies. Call it before the program starts. */
  registerProcessGroup(group: ProcessGroup): Promise<void>;
}

export interface Engine {
  readonly name: EngineName;
  /** Takes moments only: its composes do not count for the worker's concurrency and are not reused. */
  readonly isLight?: boolean;
  info(): Promise<EngineInfo>;
  /**
   * Null on success. Settles when no process of the engine is left, also after an abort; the caller then ignores the result.
   */
  generate(generation: Generation): Promise<ComposeFailure | null>;
}

/** Forecasts the packages of a compose; null when that needs an attempt, or when there are more than `limit`. */
export type PackageForecast = (forecasted: {
  readonly compose: Compose;
  readonly input: ResolvedInput;
  readonly scratch: string;
  readonly limit: number;
  readonly signal: AbortSignal;
}) => Promise<{ readonly packages: readonly PackageRecord[] } | { readonly failure: ComposeFailure } | null>;
