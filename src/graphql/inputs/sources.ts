// The seven sources as inputs. schema.ts makes ComposeSourceInput @oneOf, so that a request names exactly one.

import { Field, InputType, Int } from 'type-graphql';
import type * as input from '../../compose/input.ts';

const optional = { nullable: true } as const;

const PACKAGES =
  'Package names or globs (`openssl*`), at most 5,000. Default: all packages. A name that the source lacks fails the compose with `MISSING_PACKAGES`.';
const SCRATCH_TASKS =
  'Ids of Koji tasks of scratch builds to add, at most 1,000. With compose type `TEST` and the engine Pungi only.';
const KOJI_EVENT = 'The Koji event to take packages at, to repeat an earlier compose. Default: the latest.';
const REVISION = 'A commit id, or the name of a branch or tag, at most 250 characters.';

@InputType('ModuleDefaultsInput', { description: 'A commit of a git repository that holds module defaults.' })
export class ModuleDefaultsInput implements input.ModuleDefaultsInput {
  @Field(() => String, { description: 'The http(s) URL of the git repository. The server may restrict it.' })
  url: string;

  @Field(() => String, { description: REVISION })
  commit: string;
}

@InputType('BaseModuleInput', {
  description: 'Restricts the search in MBS to modules that are built on this base module.',
})
export class BaseModuleInput implements input.BaseModuleInput {
  @Field(() => String, { description: 'The name of the base module, for example `platform`.' })
  name: string;

  @Field(() => String, { ...optional, description: 'The stream, for example `el9`. Default: any.' })
  stream?: string | null;

  @Field(() => Int, {
    ...optional,
    description:
      'The lowest stream version, as the number that MBS makes of it (`el9.4.0` is 90400). Default: no bound.',
  })
  streamVersionGte?: number | null;

  @Field(() => Int, {
    ...optional,
    description: 'The highest stream version, as the number that MBS makes of it. Default: no bound.',
  })
  streamVersionLte?: number | null;
}

@InputType('TagSourceInput', {
  description: 'The packages of a Koji tag, with inherited tags unless `NO_INHERITANCE` is set.',
})
export class TagSourceInput implements input.TagSourceInput {
  @Field(() => String, { description: 'The name of the tag. An unknown tag fails the compose with `INVALID_SOURCE`.' })
  tag: string;

  @Field(() => [String], { ...optional, description: PACKAGES })
  packages?: string[] | null;

  @Field(() => [String], {
    ...optional,
    description:
      'Further builds, by NVR, at most 1,000. They need not be tagged, and replace builds of the same package in the tag.',
  })
  builds?: string[] | null;

  @Field(() => [String], { ...optional, description: SCRATCH_TASKS })
  scratchBuildTasks?: string[] | null;

  @Field(() => [String], {
    ...optional,
    description: 'Koji tags whose modules are included, at most 1,000. With the engine Pungi only.',
  })
  modularTags?: string[] | null;

  @Field(() => ModuleDefaultsInput, {
    ...optional,
    description: 'Module defaults to apply to the modules. With the engine Pungi only.',
  })
  moduleDefaults?: ModuleDefaultsInput | null;

  @Field(() => Int, { ...optional, description: KOJI_EVENT })
  kojiEvent?: number | null;
}

@InputType('BuildSourceInput', {
  description: 'Koji builds, and nothing else of any tag. At least one build or scratch build.',
})
export class BuildSourceInput implements input.BuildSourceInput {
  @Field(() => [String], {
    description: 'Builds as name-version-release, for example `bash-5.2.37-1.fc43`, at most 1,000.',
  })
  builds: string[];

  @Field(() => [String], { ...optional, description: PACKAGES })
  packages?: string[] | null;

  @Field(() => [String], { ...optional, description: SCRATCH_TASKS })
  scratchBuildTasks?: string[] | null;
}

@InputType('ModuleSourceInput', {
  description:
    'Modules and, without `NO_DEPS`, the modules that they require. At least one of the lists must not be empty.',
})
export class ModuleSourceInput implements input.ModuleSourceInput {
  @Field(() => [String], {
    ...optional,
    description:
      'Modules as `name:stream` (the latest version, all contexts), `name:stream:version` or `name:stream:version:context`, at most 1,000. With `modularTags` the default is all modules of the tags.',
  })
  modules?: string[] | null;

  @Field(() => [String], {
    ...optional,
    description: 'Scratch builds of modules in MBS, as `name:stream:version:context`. With compose type `TEST` only.',
  })
  scratchModules?: string[] | null;

  @Field(() => [String], {
    ...optional,
    description: 'Koji tags to look modules up in, in place of MBS. Default: MBS.',
  })
  modularTags?: string[] | null;

  @Field(() => ModuleDefaultsInput, { ...optional, description: 'Module defaults to apply. Default: none.' })
  moduleDefaults?: ModuleDefaultsInput | null;

  @Field(() => BaseModuleInput, {
    ...optional,
    description: 'The base module that the modules must be built on. Not together with `modularTags`. Default: any.',
  })
  baseModule?: BaseModuleInput | null;
}

@InputType('RepoSourceInput', { description: 'The packages of an RPM repository.' })
export class RepoSourceInput implements input.RepoSourceInput {
  @Field(() => String, {
    description:
      'The repository: an absolute path on the server or an http(s) URL, at most 2,000 characters. `$basearch` is replaced by each arch. The server may restrict paths and URLs.',
  })
  repo: string;

  @Field(() => [String], { ...optional, description: PACKAGES })
  packages?: string[] | null;
}

@InputType('PulpSourceInput', { description: 'Content sets that Pulp serves.' })
export class PulpSourceInput implements input.PulpSourceInput {
  @Field(() => [String], {
    description:
      'Content sets or ids of Pulp repositories, 1 to 1,000. An unknown one fails the compose with `INVALID_SOURCE`.',
  })
  contentSets: string[];
}

@InputType('RawConfigSourceInput', {
  description: 'A Pungi configuration that the server offers, at a commit of its git repository.',
})
export class RawConfigSourceInput implements input.RawConfigSourceInput {
  @Field(() => String, { description: 'The name of the configuration; see `About.rawConfigs`.' })
  name: string;

  @Field(() => String, { description: `${REVISION} Ignored when the server fixes the commit.` })
  commit: string;

  @Field(() => [String], { ...optional, description: 'Builds, by NVR, to pass to the configuration, at most 1,000.' })
  builds?: string[] | null;

  @Field(() => [String], { ...optional, description: 'Modules to pass to the configuration, at most 1,000.' })
  modules?: string[] | null;

  @Field(() => Int, { ...optional, description: KOJI_EVENT })
  kojiEvent?: number | null;
}

@InputType('PungiComposeSourceInput', {
  description: 'A variant of a published Pungi compose. Its builds and packages are taken from Koji again.',
})
export class PungiComposeSourceInput implements input.PungiComposeSourceInput {
  @Field(() => String, {
    description: 'The http(s) URL of the variant, `…/compose/<Variant>`. `metadata/rpms.json` must exist beside it.',
  })
  url: string;
}

@InputType('ComposeSourceInput', { description: 'Where the packages come from. Exactly one field must be set.' })
export class ComposeSourceInput implements input.ComposeSourceInput {
  @Field(() => TagSourceInput, { ...optional, description: 'The packages of a Koji tag.' })
  tag?: TagSourceInput | null;

  @Field(() => ModuleSourceInput, { ...optional, description: 'Modules, from MBS or modular Koji tags.' })
  module?: ModuleSourceInput | null;

  @Field(() => RepoSourceInput, { ...optional, description: 'An RPM repository, by path or URL.' })
  repo?: RepoSourceInput | null;

  @Field(() => PulpSourceInput, { ...optional, description: 'Content sets that Pulp serves.' })
  pulp?: PulpSourceInput | null;

  @Field(() => RawConfigSourceInput, { ...optional, description: 'A Pungi configuration that the server offers.' })
  rawConfig?: RawConfigSourceInput | null;

  @Field(() => BuildSourceInput, { ...optional, description: 'Koji builds, by NVR.' })
  build?: BuildSourceInput | null;

  @Field(() => PungiComposeSourceInput, { ...optional, description: 'A variant of a published Pungi compose.' })
  pungiCompose?: PungiComposeSourceInput | null;
}
