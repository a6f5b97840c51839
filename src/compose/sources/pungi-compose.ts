// A variant of a Pungi compose that is published somewhere.

import { parseUrlLocation } from '../location.ts';
import type { FieldsOf, SourceDescriptor } from './descriptor.ts';

export interface PungiComposeSource {
  readonly type: 'PUNGI_COMPOSE';
  readonly url: string;
  readonly packages: readonly string[];
  readonly builds: readonly string[];
}

export interface PungiComposeSourceInput {
  readonly url: string;
}

export const pungiComposeSource: SourceDescriptor<PungiComposeSource, PungiComposeSourceInput, 'pungiCompose'> = {
  field: 'pungiCompose',
  meaning: 'A variant of a published Pungi compose. Its builds and packages are taken from Koji again.',
  fields: {
    url: {
      kind: 'text',
      nullable: false,
      meaning: 'The URL of the variant.',
      request: {
        required: true,
        meaning: 'The http(s) URL of the variant, `…/compose/<Variant>`. `metadata/rpms.json` must exist beside it.',
      },
    },
    packages: {
      kind: 'texts',
      nullable: false,
      meaning: 'The package names in `metadata/rpms.json` of the published compose; empty before they are read.',
      request: null,
    },
    builds: {
      kind: 'texts',
      nullable: false,
      meaning: 'The builds (NVR) in `metadata/rpms.json` of the published compose; empty before they are read.',
      request: null,
    },
  } satisfies FieldsOf<PungiComposeSource, PungiComposeSourceInput>,
  validate({ path, rules, check }, { url }) {
    const location = parseUrlLocation(url, rules.urlAllow);
    if ('problem' in location) check.fail(`${path}.url`, location.problem);
    return { type: 'PUNGI_COMPOSE', url: 'problem' in location ? url : location.url, packages: [], builds: [] };
  },
  key: ({ url }) => url,
  resolvedFields: ['packages', 'builds'],
  inputOnlyFields: [],
  respin: (source) => source,
  flags: ['dependencies'],
  neededSetting: 'ODCS_KOJI',
  lane: 'generate',
  output: 'repository',
  // Arches and sigkeys are those of the published compose.
  resolvesRequest: true,
};
