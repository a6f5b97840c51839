// A Pungi configuration from the server's list, at a commit of its git repository.

import type { Strings } from '../validation/check.ts';
import { NAME, REVISION } from '../validation/names.ts';
import type { FieldsOf, SourceContext, SourceDescriptor } from './descriptor.ts';
import { KOJI_EVENT_REQUEST, readBuilds, readKojiEvent, REVISION_MEANING, type Optional } from './shared-fields.ts';

export interface RawConfigSource {
  readonly type: 'RAW_CONFIG';
  readonly name: string;
  readonly commit: string;
  readonly resolvedCommit: string | null;
  readonly kojiEvent: number | null;
  readonly builds: readonly string[];
  readonly modules: readonly string[];
}

export interface RawConfigSourceInput {
  readonly name: string;
  readonly commit: string;
  readonly builds?: Strings;
  readonly modules?: Strings;
  readonly kojiEvent?: Optional<number>;
}

export const rawConfigSource: SourceDescriptor<RawConfigSource, RawConfigSourceInput, 'rawConfig'> = {
  field: 'rawConfig',
  meaning: 'A Pungi configuration that the server offers, at a commit of its git repository.',
  fields: {
    name: {
      kind: 'text',
      nullable: false,
      meaning: 'The name of the configuration; see `About.rawConfigs`.',
      request: { required: true, meaning: 'The name of the configuration; see `About.rawConfigs`.' },
    },
    commit: {
      kind: 'text',
      nullable: false,
      meaning: 'The commit, branch or tag as requested.',
      request: { required: true, meaning: `${REVISION_MEANING} Ignored when the server fixes the commit.` },
    },
    resolvedCommit: {
      kind: 'text',
      nullable: true,
      meaning: 'The commit id that it resolves to; null before it is resolved.',
      request: null,
    },
    kojiEvent: {
      kind: 'integer',
      nullable: true,
      meaning: 'The Koji event that packages are taken at; null when it is not known or not used.',
      request: KOJI_EVENT_REQUEST,
    },
    builds: {
      kind: 'texts',
      nullable: false,
      meaning: 'Builds, by NVR, that the request passes to the configuration.',
      request: { required: false, meaning: 'Builds, by NVR, to pass to the configuration, at most 1,000.' },
    },
    modules: {
      kind: 'texts',
      nullable: false,
      meaning: 'Modules that the request passes to the configuration.',
      request: { required: false, meaning: 'Modules to pass to the configuration, at most 1,000.' },
    },
  } satisfies FieldsOf<RawConfigSource, RawConfigSourceInput>,
  validate(context, input) {
    const { path, rules, check } = context;
    return {
      type: 'RAW_CONFIG',
      name: check.known(`${path}.name`, input.name, rules.rawConfigs, 'a raw configuration of this server'),
      commit: check.text(`${path}.commit`, input.commit, REVISION),
      resolvedCommit: null,
      kojiEvent: readKojiEvent(context, input.kojiEvent),
      builds: readBuilds(context, input.builds),
      modules: readModules(context, input.modules),
    };
  },
  key: ({ name }) => name,
  resolvedFields: ['resolvedCommit', 'kojiEvent'],
  inputOnlyFields: ['commit'],
  respin: (source, { builds, modules }) => ({
    ...source,
    builds: builds ?? source.builds,
    modules: modules ?? source.modules,
  }),
  renewBuilds: readBuilds,
  renewModules: readModules,
  flags: [],
  neededSetting: 'ODCS_RAW_CONFIGS',
  lane: 'generate',
  output: 'variants',
  resolvesRequest: false,
};

function readModules({ path, check }: SourceContext, modules: Strings): string[] {
  return check.strings(`${path}.modules`, modules, NAME);
}
