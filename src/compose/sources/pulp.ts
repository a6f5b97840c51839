// Content sets that Pulp serves. The compose is a .repo file for their repositories; no packages are copied.

import { NAME } from '../validation/names.ts';
import type { FieldsOf, SourceDescriptor } from './descriptor.ts';

export interface PulpSource {
  readonly type: 'PULP';
  readonly contentSets: readonly string[];
  readonly resolvedContentSets: readonly string[] | null;
}

export interface PulpSourceInput {
  readonly contentSets: readonly string[];
}

export const pulpSource: SourceDescriptor<PulpSource, PulpSourceInput, 'pulp'> = {
  field: 'pulp',
  meaning: 'Content sets that Pulp serves. The result is a .repo file; no package is copied.',
  fields: {
    contentSets: {
      kind: 'texts',
      nullable: false,
      meaning: 'The content sets, or ids of Pulp repositories, as requested.',
      request: {
        required: true,
        meaning:
          'Content sets or ids of Pulp repositories, 1 to 1,000. An unknown one fails the compose with `INVALID_SOURCE`.',
      },
    },
    resolvedContentSets: {
      kind: 'texts',
      nullable: true,
      meaning: 'Those that Pulp has; null before they are resolved.',
      request: null,
    },
  } satisfies FieldsOf<PulpSource, PulpSourceInput>,
  validate({ path, check }, { contentSets }) {
    if (contentSets.length === 0) check.fail(`${path}.contentSets`, 'must name at least one content set');
    return {
      type: 'PULP',
      contentSets: check.strings(`${path}.contentSets`, contentSets, NAME),
      resolvedContentSets: null,
    };
  },
  key: ({ contentSets }) => contentSets.join(' '),
  resolvedFields: ['resolvedContentSets'],
  inputOnlyFields: [],
  respin: (source) => ({ ...source, resolvedContentSets: null }),
  flags: ['pulp'],
  neededSetting: 'ODCS_PULP',
  lane: 'prepare',
  output: 'repo-file',
  resolvesRequest: false,
};
