// The seven sources as inputs. Exactly one is asked for: schema.ts makes ComposeSourceInput @oneOf.

import { Field, InputType, Int } from 'type-graphql';
import type * as input from '../../compose/input.ts';

const optional = { nullable: true } as const;

@InputType('ModuleDefaultsInput')
export class ModuleDefaultsInput implements input.ModuleDefaultsInput {
  @Field(() => String)
  url: string;

  @Field(() => String)
  commit: string;
}

@InputType('BaseModuleInput')
export class BaseModuleInput implements input.BaseModuleInput {
  @Field(() => String)
  name: string;

  @Field(() => String, optional)
  stream?: string | null;

  @Field(() => Int, optional)
  streamVersionGte?: number | null;

  @Field(() => Int, optional)
  streamVersionLte?: number | null;
}

@InputType('TagSourceInput')
export class TagSourceInput implements input.TagSourceInput {
  @Field(() => String)
  tag: string;

  @Field(() => [String], { ...optional, description: 'Names; none = all.' })
  packages?: string[] | null;

  @Field(() => [String], optional)
  builds?: string[] | null;

  @Field(() => [String], optional)
  scratchBuildTasks?: string[] | null;

  @Field(() => [String], optional)
  modularTags?: string[] | null;

  @Field(() => ModuleDefaultsInput, optional)
  moduleDefaults?: ModuleDefaultsInput | null;

  @Field(() => Int, optional)
  kojiEvent?: number | null;
}

@InputType('BuildSourceInput')
export class BuildSourceInput implements input.BuildSourceInput {
  @Field(() => [String])
  builds: string[];

  @Field(() => [String], optional)
  packages?: string[] | null;

  @Field(() => [String], optional)
  scratchBuildTasks?: string[] | null;
}

@InputType('ModuleSourceInput')
export class ModuleSourceInput implements input.ModuleSourceInput {
  @Field(() => [String], { ...optional, description: 'N:S, N:S:V or N:S:V:C.' })
  modules?: string[] | null;

  @Field(() => [String], optional)
  scratchModules?: string[] | null;

  @Field(() => [String], optional)
  modularTags?: string[] | null;

  @Field(() => ModuleDefaultsInput, optional)
  moduleDefaults?: ModuleDefaultsInput | null;

  @Field(() => BaseModuleInput, optional)
  baseModule?: BaseModuleInput | null;
}

@InputType('RepoSourceInput')
export class RepoSourceInput implements input.RepoSourceInput {
  @Field(() => String, { description: 'An absolute path or an http(s) URL; `$basearch` is replaced by the arch.' })
  repo: string;

  @Field(() => [String], { ...optional, description: 'Names or globs; none = all.' })
  packages?: string[] | null;
}

@InputType('PulpSourceInput')
export class PulpSourceInput implements input.PulpSourceInput {
  @Field(() => [String])
  contentSets: string[];
}

@InputType('RawConfigSourceInput')
export class RawConfigSourceInput implements input.RawConfigSourceInput {
  @Field(() => String)
  name: string;

  @Field(() => String)
  commit: string;

  @Field(() => [String], optional)
  builds?: string[] | null;

  @Field(() => [String], optional)
  modules?: string[] | null;

  @Field(() => Int, optional)
  kojiEvent?: number | null;
}

@InputType('PungiComposeSourceInput')
export class PungiComposeSourceInput implements input.PungiComposeSourceInput {
  @Field(() => String, { description: 'Of a variant.' })
  url: string;
}

@InputType('ComposeSourceInput', { description: 'Exactly one of them.' })
export class ComposeSourceInput implements input.ComposeSourceInput {
  @Field(() => TagSourceInput, optional)
  tag?: TagSourceInput | null;

  @Field(() => ModuleSourceInput, optional)
  module?: ModuleSourceInput | null;

  @Field(() => RepoSourceInput, optional)
  repo?: RepoSourceInput | null;

  @Field(() => PulpSourceInput, optional)
  pulp?: PulpSourceInput | null;

  @Field(() => RawConfigSourceInput, optional)
  rawConfig?: RawConfigSourceInput | null;

  @Field(() => BuildSourceInput, optional)
  build?: BuildSourceInput | null;

  @Field(() => PungiComposeSourceInput, optional)
  pungiCompose?: PungiComposeSourceInput | null;
}
