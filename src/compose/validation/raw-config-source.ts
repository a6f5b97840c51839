// A Pungi configuration of the server's own list, at a commit of its git repository.

import type { RawConfigSourceInput } from '../input.ts';
import type { RawConfigSource } from '../source.ts';
import { readKojiEvent, type SourceContext } from './context.ts';
import { NAME, NVR, REVISION } from './names.ts';

export function readRawConfigSource(context: SourceContext, source: RawConfigSourceInput): RawConfigSource {
  const { path, rules, check } = context;
  return {
    type: 'RAW_CONFIG',
    name: check.known(`${path}.name`, source.name, rules.rawConfigs, 'raw configuration'),
    commit: check.text(`${path}.commit`, source.commit, REVISION),
    resolvedCommit: null,
    kojiEvent: readKojiEvent(context, source.kojiEvent),
    builds: check.strings(`${path}.builds`, source.builds, NVR),
    modules: check.strings(`${path}.modules`, source.modules, NAME),
  };
}
