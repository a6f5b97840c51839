// What a client sends to create a compose, as plain data: the shape of the contract's `CreateComposeInput`, before
// anything is known to be right about it.

import type { ComposeFlag, ComposeResult, ComposeType, MultilibMethod } from './vocabulary.ts';

type Given<T> = T | null | undefined;

export interface ModuleDefaultsInput {
  url: string;
  commit: string;
}

export interface BaseModuleInput {
  name: string;
  stream?: Given<string>;
  streamVersionGte?: Given<number>;
  streamVersionLte?: Given<number>;
}

export interface TagSourceInput {
  tag: string;
  packages?: Given<string[]>;
  builds?: Given<string[]>;
  scratchBuildTasks?: Given<string[]>;
  modularTags?: Given<string[]>;
  moduleDefaults?: Given<ModuleDefaultsInput>;
  kojiEvent?: Given<number>;
}

export interface BuildSourceInput {
  builds: string[];
  packages?: Given<string[]>;
  scratchBuildTasks?: Given<string[]>;
}

export interface ModuleSourceInput {
  modules?: Given<string[]>;
  scratchModules?: Given<string[]>;
  modularTags?: Given<string[]>;
  moduleDefaults?: Given<ModuleDefaultsInput>;
  baseModule?: Given<BaseModuleInput>;
}

export interface RepoSourceInput {
  repo: string;
  packages?: Given<string[]>;
}

export interface PulpSourceInput {
  contentSets: string[];
}

export interface RawConfigSourceInput {
  name: string;
  commit: string;
  builds?: Given<string[]>;
  modules?: Given<string[]>;
  kojiEvent?: Given<number>;
}

export interface PungiComposeSourceInput {
  url: string;
}

/** Exactly one of these is given. */
export interface ComposeSourceInput {
  tag?: Given<TagSourceInput>;
  module?: Given<ModuleSourceInput>;
  repo?: Given<RepoSourceInput>;
  pulp?: Given<PulpSourceInput>;
  rawConfig?: Given<RawConfigSourceInput>;
  build?: Given<BuildSourceInput>;
  pungiCompose?: Given<PungiComposeSourceInput>;
}

export interface CreateComposeInput {
  source: ComposeSourceInput;
  idempotencyKey?: Given<string>;
  secondsToLive?: Given<number>;
  flags?: Given<ComposeFlag[]>;
  results?: Given<ComposeResult[]>;
  arches?: Given<string[]>;
  sigkeys?: Given<string[]>;
  multilibArches?: Given<string[]>;
  multilibMethods?: Given<MultilibMethod[]>;
  lookasideRepos?: Given<string[]>;
  composeType?: Given<ComposeType>;
  label?: Given<string>;
  targetDir?: Given<string>;
  parentPungiComposeIds?: Given<string[]>;
  respinOf?: Given<string>;
}
