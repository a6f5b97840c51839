// What generates a compose, and the processes that it runs.

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
  readonly version: string | null;
  readonly sourceTypes: readonly SourceType[];
  readonly available: boolean;
  /** What it can take with none of its source types, where there is anything. */
  readonly impossible?: readonly SourceAddition[];
}

export interface Generation {
  readonly compose: Compose;
  readonly attempt: number;
  readonly identity: PungiIdentity;
  readonly input: ResolvedInput;
  /** `.attempts/<id>.<n>`, there and empty: what is left in it at the end is the compose's directory. */
  readonly directory: string;
  /** For configuration, caches and downloads; on the same file system, removed afterwards. */
  readonly scratch: string;
  /** Aborts for a cancel, a deadline, a drain. The engine settles only when none of its processes is left. */
  readonly signal: AbortSignal;
  progress(percent: number, phase: string, message?: string): void;
  /** Lines of the engine's output; server paths are replaced by whoever writes them. */
  log(text: string): void;
  /** The whole configuration that the engine ran with, where somebody wrote it and it is worth keeping. */
  keepConfiguration(dump: string): void;
  /** Called before a process group may outlive this process. */
  registerProcessGroup(group: ProcessGroup): Promise<void>;
}

export interface Engine {
  readonly name: EngineName;
  /** Generates in moments: it needs no place among those that take long, and there is nothing to share. */
  readonly isLight?: boolean;
  info(): Promise<EngineInfo>;
  /** Null: generated, results are in `directory`. After an abort the answer is not looked at. */
  generate(generation: Generation): Promise<ComposeFailure | null>;
}

/** The packages that a compose will hold, without the compose; null where only generating can tell, or where there are more than `limit`. */
export type PackageForecast = (wanted: {
  readonly compose: Compose;
  readonly input: ResolvedInput;
  readonly scratch: string;
  readonly limit: number;
  readonly signal: AbortSignal;
}) => Promise<{ readonly packages: readonly PackageRecord[] } | { readonly failure: ComposeFailure } | null>;
