// What a client asks of createCompose, as it arrives: every optional field may be left out or null. Nothing in it is
// checked beyond its types; validate-request.ts makes a ComposeRequest of it or says what is wrong where.

import type { ComposeFlag, ComposeResult, ComposeType, MultilibMethod } from './vocabulary.ts';

type Optional<T> = T | null | undefined;
type Strings = readonly string[];

export interface ModuleDefaultsInput {
  readonly url: string;
  readonly commit: string;
}

export interface BaseModuleInput {
  readonly name: string;
  readonly stream?: Optional<string>;
  readonly streamVersionGte?: Optional<number>;
  readonly streamVersionLte?: Optional<number>;
}

export interface TagSourceInput {
  readonly tag: string;
  readonly packages?: Optional<Strings>;
  readonly builds?: Optional<Strings>;
  readonly scratchBuildTasks?: Optional<Strings>;
  readonly modularTags?: Optional<Strings>;
  readonly moduleDefaults?: Optional<ModuleDefaultsInput>;
  readonly kojiEvent?: Optional<number>;
}

export interface BuildSourceInput {
  readonly builds: Strings;
  readonly packages?: Optional<Strings>;
  readonly scratchBuildTasks?: Optional<Strings>;
}

export interface ModuleSourceInput {
  readonly modules?: Optional<Strings>;
  readonly scratchModules?: Optional<Strings>;
  readonly modularTags?: Optional<Strings>;
  readonly moduleDefaults?: Optional<ModuleDefaultsInput>;
  readonly baseModule?: Optional<BaseModuleInput>;
}

export interface RepoSourceInput {
  readonly repo: string;
  readonly packages?: Optional<Strings>;
}

export interface PulpSourceInput {
  readonly contentSets: Strings;
}

export interface RawConfigSourceInput {
  readonly name: string;
  readonly commit: string;
  readonly builds?: Optional<Strings>;
  readonly modules?: Optional<Strings>;
  readonly kojiEvent?: Optional<number>;
}

export interface PungiComposeSourceInput {
  readonly url: string;
}

/** Exactly one is there: GraphQL's `@oneOf` sees to it before this is made. */
export interface ComposeSourceInput {
  readonly tag?: Optional<TagSourceInput>;
  readonly module?: Optional<ModuleSourceInput>;
  readonly repo?: Optional<RepoSourceInput>;
  readonly pulp?: Optional<PulpSourceInput>;
  readonly rawConfig?: Optional<RawConfigSourceInput>;
  readonly build?: Optional<BuildSourceInput>;
  readonly pungiCompose?: Optional<PungiComposeSourceInput>;
}

export interface CreateComposeInput {
  readonly source: ComposeSourceInput;
  readonly idempotencyKey?: Optional<string>;
  readonly secondsToLive?: Optional<number>;
  readonly flags?: Optional<readonly ComposeFlag[]>;
  readonly results?: Optional<readonly ComposeResult[]>;
  readonly arches?: Optional<Strings>;
  readonly sigkeys?: Optional<Strings>;
  readonly multilibArches?: Optional<Strings>;
  readonly multilibMethods?: Optional<readonly MultilibMethod[]>;
  readonly lookasideRepos?: Optional<Strings>;
  readonly composeType?: Optional<ComposeType>;
  readonly label?: Optional<string>;
  readonly targetDir?: Optional<string>;
  readonly parentPungiComposeIds?: Optional<Strings>;
  readonly respinOf?: Optional<string>;
}
