// The seven sources of a compose as clients see them. They have the fields of the domain's objects (compose/source.ts),
// which are returned as they are.

import { createUnionType, Field, Int, ObjectType } from 'type-graphql';
import type { SourceType } from '../../compose/vocabulary.ts';

const simple = { simpleResolvers: true } as const;

const PACKAGES = 'The names, or globs, of the packages that the request names. Empty: all packages.';
const SCRATCH_TASKS = 'The ids of Koji tasks of scratch builds that are added.';
const MODULAR_TAGS = 'The Koji tags whose modules are included.';
const MODULE_DEFAULTS = 'The module defaults that are applied; null when there are none.';

@ObjectType('ModuleDefaults', { ...simple, description: 'A commit of a git repository that holds module defaults.' })
export class ModuleDefaultsType {
  @Field(() => String, { description: 'The URL of the git repository.' })
  url: string;

  @Field(() => String, {
    description: 'The commit, branch or tag as requested.',
  })
  commit: string;
}

@ObjectType('BaseModule', {
  ...simple,
  description: 'The base module (platform) that modules must be built on, as it restricts the search in MBS.',
})
export class BaseModuleType {
  @Field(() => String, { description: 'The name of the base module, for example `platform`.' })
  name: string;

  @Field(() => String, { nullable: true, description: 'The stream, for example `el9`; null for any.' })
  stream: string | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'The lowest stream version, as the number that MBS makes of it (`el9.4.0` is 90400); null for no bound.',
  })
  streamVersionGte: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'The highest stream version, as the number that MBS makes of it; null for no bound.',
  })
  streamVersionLte: number | null;
}

@ObjectType('TagSource', { ...simple, description: 'The packages of a Koji tag.' })
export class TagSourceType {
  @Field(() => String, { description: 'The name of the tag.' })
  tag: string;

  @Field(() => Int, {
    nullable: true,
    description:
      'The Koji event that the contents of the tag are taken at: as requested, or chosen when the compose is taken. Null before that.',
  })
  kojiEvent: number | null;

  @Field(() => [String], { description: PACKAGES })
  packages: readonly string[];

  @Field(() => [String], {
    description: 'Further builds, by NVR, that replace builds of the same package in the tag.',
  })
  builds: readonly string[];

  @Field(() => [String], { description: SCRATCH_TASKS })
  scratchBuildTasks: readonly string[];

  @Field(() => [String], { description: MODULAR_TAGS })
  modularTags: readonly string[];

  @Field(() => ModuleDefaultsType, { nullable: true, description: MODULE_DEFAULTS })
  moduleDefaults: ModuleDefaultsType | null;
}

@ObjectType('BuildSource', { ...simple, description: 'Koji builds, and nothing else of any tag.' })
export class BuildSourceType {
  @Field(() => [String], { description: 'The builds, as name-version-release (NVR).' })
  builds: readonly string[];

  @Field(() => [String], { description: PACKAGES })
  packages: readonly string[];

  @Field(() => [String], { description: SCRATCH_TASKS })
  scratchBuildTasks: readonly string[];
}

@ObjectType('ModuleSource', {
  ...simple,
  description: 'Modules and, without `NO_DEPS`, the modules that they require.',
})
export class ModuleSourceType {
  @Field(() => [String], {
    description: 'The modules as requested: `name:stream`, `name:stream:version` or `name:stream:version:context`.',
  })
  modules: readonly string[];

  @Field(() => [String], {
    nullable: true,
    description: 'All modules of the compose, as `name:stream:version:context` (NSVC); null before they are resolved.',
  })
  resolvedModules: readonly string[] | null;

  @Field(() => [String], { description: 'The scratch builds of modules that are added, as NSVC.' })
  scratchModules: readonly string[];

  @Field(() => [String], {
    description: 'The Koji tags in which modules are looked up in place of MBS. Empty: MBS is used.',
  })
  modularTags: readonly string[];

  @Field(() => ModuleDefaultsType, { nullable: true, description: MODULE_DEFAULTS })
  moduleDefaults: ModuleDefaultsType | null;

  @Field(() => BaseModuleType, {
    nullable: true,
    description: 'The base module that the modules must be built on; null for any.',
  })
  baseModule: BaseModuleType | null;
}

@ObjectType('RepoSource', { ...simple, description: 'The packages of an RPM repository.' })
export class RepoSourceType {
  @Field(() => String, {
    description: 'The repository: an absolute path on the server or an http(s) URL. `$basearch` stands for the arch.',
  })
  repo: string;

  @Field(() => [String], { description: PACKAGES })
  packages: readonly string[];

  @Field(() => [String], {
    nullable: true,
    description: 'The `revision` in repomd.xml when the compose was taken, in the order of `arches`; null before that.',
  })
  revisions: readonly string[] | null;
}

@ObjectType('PulpSource', { ...simple, description: 'Content sets that Pulp serves.' })
export class PulpSourceType {
  @Field(() => [String], { description: 'The content sets, or ids of Pulp repositories, as requested.' })
  contentSets: readonly string[];

  @Field(() => [String], {
    nullable: true,
    description: 'Those that Pulp has; null before they are resolved.',
  })
  resolvedContentSets: readonly string[] | null;
}

@ObjectType('RawConfigSource', {
  ...simple,
  description: 'A Pungi configuration that the server offers, at a commit of its git repository.',
})
export class RawConfigSourceType {
  @Field(() => String, { description: 'The name of the configuration; see `About.rawConfigs`.' })
  name: string;

  @Field(() => String, { description: 'The commit, branch or tag as requested.' })
  commit: string;

  @Field(() => String, {
    nullable: true,
    description: 'The commit id that it resolves to; null before it is resolved.',
  })
  resolvedCommit: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'The Koji event that packages are taken at; null when it is not known or not used.',
  })
  kojiEvent: number | null;

  @Field(() => [String], { description: 'Builds, by NVR, that the request passes to the configuration.' })
  builds: readonly string[];

  @Field(() => [String], { description: 'Modules that the request passes to the configuration.' })
  modules: readonly string[];
}

@ObjectType('PungiComposeSource', {
  ...simple,
  description: 'A variant of a published Pungi compose. Its builds and packages are taken from Koji again.',
})
export class PungiComposeSourceType {
  @Field(() => String, { description: 'The URL of the variant.' })
  url: string;

  @Field(() => [String], {
    description: 'The package names in `metadata/rpms.json` of the published compose; empty before they are read.',
  })
  packages: readonly string[];

  @Field(() => [String], {
    description: 'The builds (NVR) in `metadata/rpms.json` of the published compose; empty before they are read.',
  })
  builds: readonly string[];
}

export const ComposeSourceUnion = createUnionType({
  name: 'ComposeSource',
  description:
    'Where the packages of a compose come from: the request and, once the compose is taken, its resolved form.',
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

/** The GraphQL type of each source type; schema.ts resolves the union by it. */
export const SOURCE_TYPE_NAMES = {
  TAG: 'TagSource',
  MODULE: 'ModuleSource',
  REPO: 'RepoSource',
  PULP: 'PulpSource',
  RAW_CONFIG: 'RawConfigSource',
  BUILD: 'BuildSource',
  PUNGI_COMPOSE: 'PungiComposeSource',
} as const satisfies Record<SourceType, string>;
