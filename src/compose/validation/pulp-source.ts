// Content sets that Pulp serves.

import type { PulpSourceInput } from '../input.ts';
import type { PulpSource } from '../source.ts';
import type { SourceContext } from './context.ts';
import { NAME } from './names.ts';

export function readPulpSource({ path, check }: SourceContext, source: PulpSourceInput): PulpSource {
  if (source.contentSets.length === 0) check.fail(`${path}.contentSets`, 'must name at least one content set');
  return {
    type: 'PULP',
    contentSets: check.strings(`${path}.contentSets`, source.contentSets, NAME),
    resolvedContentSets: null,
  };
}
