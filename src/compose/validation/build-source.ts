// Koji builds by name-version-release, scratch builds by task; at least one of either.

import type { BuildSourceInput } from '../input.ts';
import type { BuildSource } from '../source.ts';
import { readPackages, readScratchTasks, type SourceContext } from './context.ts';
import { NVR } from './names.ts';

const NAME_VERSION_RELEASE = /^.+-[^-]+-[^-]+$/;

export function readBuildSource(context: SourceContext, source: BuildSourceInput): BuildSource {
  const { path, check } = context;
  const before = check.problems.length;
  const builds = check.strings(`${path}.builds`, source.builds, NVR);
  if (check.problems.length === before) {
    builds.forEach(
      (nvr, index) =>
        NAME_VERSION_RELEASE.test(nvr) ||
        check.fail(`${path}.builds.${index}`, 'must be name-version-release, e.g. bash-5.2.37-1.fc43'),
    );
  }
  const scratchBuildTasks = readScratchTasks(context, source.scratchBuildTasks);
  if (builds.length === 0 && scratchBuildTasks.length === 0)
    check.fail(`${path}.builds`, 'must name at least one build, or scratchBuildTasks a task');
  return { type: 'BUILD', builds, packages: readPackages(context, source.packages), scratchBuildTasks };
}
