// A Koji tag, and builds, scratch builds and modules that are added to it.

import type { Strings } from '../validation/check.ts';
import { NAME } from '../validation/names.ts';
import type { FieldsOf, SourceDescriptor } from './descriptor.ts';
import {
  KOJI_EVENT_REQUEST,
  MODULE_DEFAULTS,
  PACKAGES,
  readBuilds,
  readKojiEvent,
  readModularTags,
  readModuleDefaults,
  readPackages,
  readScratchTasks,
  SCRATCH_BUILD_TASKS,
  type ModuleDefaults,
  type Optional,
} from './shared-fields.ts';

export interface TagSource {
  readonly type: 'TAG';
  readonly tag: string;
  readonly kojiEvent: number | null;
  readonly packages: readonly string[];
  readonly builds: readonly string[];
  readonly scratchBuildTasks: readonly string[];
  readonly modularTags: readonly string[];
  readonly moduleDefaults: ModuleDefaults | null;
}

export interface TagSourceInput {
  readonly tag: string;
  readonly packages?: Strings;
  readonly builds?: Strings;
  readonly scratchBuildTasks?: Strings;
  readonly modularTags?: Strings;
  readonly moduleDefaults?: Optional<ModuleDefaults>;
  readonly kojiEvent?: Optional<number>;
}

export const tagSource: SourceDescriptor<TagSource, TagSourceInput, 'tag'> = {
  field: 'tag',
  meaning: 'The packages of a Koji tag, with inherited tags unless `NO_INHERITANCE` is set.',
  fields: {
    tag: {
      kind: 'text',
      nullable: false,
      meaning: 'The name of the tag.',
      request: {
        required: true,
        meaning: 'The name of the tag. An unknown tag fails the compose with `INVALID_SOURCE`.',
      },
    },
    kojiEvent: {
      kind: 'integer',
      nullable: true,
      meaning:
        'The Koji event that the contents of the tag are taken at: as requested, or chosen when the compose is taken. Null before that.',
      request: KOJI_EVENT_REQUEST,
    },
    packages: PACKAGES,
    builds: {
      kind: 'texts',
      nullable: false,
      meaning: 'Further builds, by NVR, that replace builds of the same package in the tag.',
      request: {
        required: false,
        meaning:
          'Further builds, by NVR, at most 1,000. They need not be tagged, and replace builds of the same package in the tag.',
      },
    },
    scratchBuildTasks: SCRATCH_BUILD_TASKS,
    modularTags: {
      kind: 'texts',
      nullable: false,
      meaning: 'The Koji tags whose modules are included.',
      request: {
        required: false,
        meaning: 'Koji tags whose modules are included, at most 1,000. With the engine Pungi only.',
      },
    },
    moduleDefaults: MODULE_DEFAULTS,
  } satisfies FieldsOf<TagSource, TagSourceInput>,
  validate(context, input) {
    return {
      type: 'TAG',
      tag: context.check.text(`${context.path}.tag`, input.tag, NAME),
      kojiEvent: readKojiEvent(context, input.kojiEvent),
      packages: readPackages(context, input.packages),
      builds: readBuilds(context, input.builds),
      scratchBuildTasks: readScratchTasks(context, input.scratchBuildTasks),
      modularTags: readModularTags(context, input.modularTags),
      moduleDefaults: readModuleDefaults(context, input.moduleDefaults),
    };
  },
  key: ({ tag }) => tag,
  resolvedFields: ['kojiEvent'],
  inputOnlyFields: ['moduleDefaults'],
  respin: (source, { builds }) => ({ ...source, builds: builds ?? source.builds }),
  renewBuilds: readBuilds,
  flags: ['dependencies', 'inheritance', 'modules'],
  neededSetting: 'ODCS_KOJI',
  lane: 'generate',
  output: 'repository',
  resolvesRequest: false,
};
