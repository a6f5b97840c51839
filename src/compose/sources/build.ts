// Koji builds by name-version-release, and scratch builds by task; at least one of either.

import type { Strings } from '../validation/check.ts';
import type { FieldsOf, SourceContext, SourceDescriptor } from './descriptor.ts';
import { PACKAGES, readBuilds, readPackages, readScratchTasks, SCRATCH_BUILD_TASKS } from './shared-fields.ts';

export interface BuildSource {
  readonly type: 'BUILD';
  readonly builds: readonly string[];
  readonly packages: readonly string[];
  readonly scratchBuildTasks: readonly string[];
}

export interface BuildSourceInput {
  readonly builds: readonly string[];
  readonly packages?: Strings;
  readonly scratchBuildTasks?: Strings;
}

const NAME_VERSION_RELEASE = /^.+-[^-]+-[^-]+$/;

export const buildSource: SourceDescriptor<BuildSource, BuildSourceInput, 'build'> = {
  field: 'build',
  meaning: 'Koji builds, by name-version-release (NVR), and nothing else of any tag.',
  fields: {
    builds: {
      kind: 'texts',
      nullable: false,
      meaning: 'The builds, as name-version-release (NVR).',
      request: {
        required: true,
        meaning:
          'Builds as name-version-release, for example `bash-5.2.37-1.fc43`, at most 1,000. May be empty when `scratchBuildTasks` names a task.',
      },
    },
    packages: PACKAGES,
    scratchBuildTasks: SCRATCH_BUILD_TASKS,
  } satisfies FieldsOf<BuildSource, BuildSourceInput>,
  validate: validateBuilds,
  key: ({ builds }) => builds.join(' '),
  resolvedFields: [],
  inputOnlyFields: [],
  respin: (source, { builds }) => ({ ...source, builds: builds ?? source.builds }),
  renewBuilds: (context, builds, { scratchBuildTasks }) =>
    validateBuilds(context, { builds, scratchBuildTasks }).builds,
  flags: ['dependencies'],
  neededSetting: 'ODCS_KOJI',
  lane: 'generate',
  output: 'repository',
  resolvesRequest: false,
};

function validateBuilds(context: SourceContext, input: BuildSourceInput): BuildSource {
  const { path, check } = context;
  const before = check.problems.length;
  const builds = readBuilds(context, input.builds);
  if (check.problems.length === before) {
    for (const [index, nvr] of builds.entries())
      if (!NAME_VERSION_RELEASE.test(nvr))
        check.fail(`${path}.builds.${index}`, 'must be name-version-release, e.g. bash-5.2.37-1.fc43');
  }
  const scratchBuildTasks = readScratchTasks(context, input.scratchBuildTasks);
  if (builds.length === 0 && scratchBuildTasks.length === 0)
    check.fail(`${path}.builds`, 'must name at least one build, unless scratchBuildTasks names a task');
  return { type: 'BUILD', builds, packages: readPackages(context, input.packages), scratchBuildTasks };
}
