// The seven sources of a compose as clients see them. The domain's objects (compose/source.ts) are given out as they
// are: names and nullabilities agree.

import { createUnionType, Field, Int, ObjectType } from 'type-graphql';

const simple = { simpleResolvers: true } as const;

@ObjectType('ModuleDefaults', { ...simple, description: 'A git repository of module defaults, at a commit.' })
export class ModuleDefaultsType {
  @Field(() => String)
  url: string;

  @Field(() => String)
  commit: string;
}

@ObjectType('BaseModule', { ...simple, description: 'The platform that modules are chosen for.' })
export class BaseModuleType {
  @Field(() => String)
  name: string;

  @Field(() => String, { nullable: true })
  stream: string | null;

  @Field(() => Int, { nullable: true })
  streamVersionGte: number | null;

  @Field(() => Int, { nullable: true })
  streamVersionLte: number | null;
}

@ObjectType('TagSource', { ...simple, description: 'Packages of a Koji tag.' })
export class TagSourceType {
  @Field(() => String)
  tag: string;

  @Field(() => Int, { nullable: true, description: 'The Koji event the compose was taken at.' })
  kojiEvent: number | null;

  @Field(() => [String], { description: 'Asked for by name; empty means all.' })
  packages: readonly string[];

  @Field(() => [String])
  builds: readonly string[];

  @Field(() => [String])
  scratchBuildTasks: readonly string[];

  @Field(() => [String])
  modularTags: readonly string[];

  @Field(() => ModuleDefaultsType, { nullable: true })
  moduleDefaults: ModuleDefaultsType | null;
}

@ObjectType('BuildSource', { ...simple, description: 'Koji builds, by NVR.' })
export class BuildSourceType {
  @Field(() => [String])
  builds: readonly string[];

  @Field(() => [String])
  packages: readonly string[];

  @Field(() => [String])
  scratchBuildTasks: readonly string[];
}

@ObjectType('ModuleSource', { ...simple, description: 'Modules, with what they need.' })
export class ModuleSourceType {
  @Field(() => [String], { description: 'As asked for, N:S, N:S:V or N:S:V:C.' })
  modules: readonly string[];

  @Field(() => [String], { nullable: true, description: 'N:S:V:C of everything in the compose, once resolved.' })
  resolvedModules: readonly string[] | null;

  @Field(() => [String])
  scratchModules: readonly string[];

  @Field(() => [String])
  modularTags: readonly string[];

  @Field(() => ModuleDefaultsType, { nullable: true })
  moduleDefaults: ModuleDefaultsType | null;

  @Field(() => BaseModuleType, { nullable: true })
  baseModule: BaseModuleType | null;
}

@ObjectType('RepoSource', { ...simple, description: 'Packages of an RPM repository.' })
export class RepoSourceType {
  @Field(() => String, { description: 'An absolute path or an http(s) URL; `$basearch` is replaced by the arch.' })
  repo: string;

  @Field(() => [String], { description: 'Asked for by name or glob; empty means all.' })
  packages: readonly string[];

  @Field(() => [String], {
    nullable: true,
    description: "`revision` of each arch's repomd.xml when the compose was taken.",
  })
  revisions: readonly string[] | null;
}

@ObjectType('PulpSource', { ...simple, description: 'Content sets that Pulp serves.' })
export class PulpSourceType {
  @Field(() => [String])
  contentSets: readonly string[];

  @Field(() => [String], { nullable: true })
  resolvedContentSets: readonly string[] | null;
}

@ObjectType('RawConfigSource', {
  ...simple,
  description: "A Pungi configuration of the server's own list, at a commit.",
})
export class RawConfigSourceType {
  @Field(() => String)
  name: string;

  @Field(() => String)
  commit: string;

  @Field(() => String, { nullable: true })
  resolvedCommit: string | null;

  @Field(() => Int, { nullable: true })
  kojiEvent: number | null;

  @Field(() => [String])
  builds: readonly string[];

  @Field(() => [String])
  modules: readonly string[];
}

@ObjectType('PungiComposeSource', { ...simple, description: 'What a variant of another Pungi compose holds.' })
export class PungiComposeSourceType {
  @Field(() => String)
  url: string;

  @Field(() => [String])
  packages: readonly string[];

  @Field(() => [String])
  builds: readonly string[];
}

export const ComposeSourceUnion = createUnionType({
  name: 'ComposeSource',
  description: 'What was asked for and, once the compose is taken, what that resolved to.',
  types: () =>
    [
      TagSourceType,
      ModuleSourceType,
      RepoSourceType,
      PulpSourceType,
      RawConfigSourceType,
      BuildSourceType,
      PungiComposeSourceType,
    ] as const,
});

/** GraphQL's name for each source; schema.ts resolves the union by it. */
export const SOURCE_TYPE_NAMES = {
  TAG: 'TagSource',
  MODULE: 'ModuleSource',
  REPO: 'RepoSource',
  PULP: 'PulpSource',
  RAW_CONFIG: 'RawConfigSource',
  BUILD: 'BuildSource',
  PUNGI_COMPOSE: 'PungiComposeSource',
} as const;
