// A Koji tag, with builds, scratch builds and modules on top of what it holds.

import type { TagSourceInput } from '../input.ts';
import type { TagSource } from '../source.ts';
import { readKojiEvent, readModuleDefaults, readPackages, readScratchTasks, type SourceContext } from './context.ts';
import { NAME, NVR } from './names.ts';

export function readTagSource(context: SourceContext, source: TagSourceInput): TagSource {
  const { path, check } = context;
  return {
    type: 'TAG',
    tag: check.text(`${path}.tag`, source.tag, NAME),
    kojiEvent: readKojiEvent(context, source.kojiEvent),
    packages: readPackages(context, source.packages),
    builds: check.strings(`${path}.builds`, source.builds, NVR),
    scratchBuildTasks: readScratchTasks(context, source.scratchBuildTasks),
    modularTags: check.strings(`${path}.modularTags`, source.modularTags, NAME),
    moduleDefaults: readModuleDefaults(context, source.moduleDefaults),
  };
}
