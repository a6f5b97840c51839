// An RPM repository by path or URL.

import type { Strings } from '../validation/check.ts';
import type { FieldsOf, SourceDescriptor } from './descriptor.ts';
import { PACKAGES, readLocation, readPackages } from './shared-fields.ts';

export interface RepoSource {
  readonly type: 'REPO';
  readonly repo: string;
  readonly packages: readonly string[];
  readonly revisions: readonly string[] | null;
}

export interface RepoSourceInput {
  readonly repo: string;
  readonly packages?: Strings;
}

export const repoSource: SourceDescriptor<RepoSource, RepoSourceInput, 'repo'> = {
  field: 'repo',
  meaning: 'The packages of an RPM repository, by path or URL.',
  fields: {
    repo: {
      kind: 'text',
      nullable: false,
      meaning: 'The repository: an absolute path on the server or an http(s) URL. `$basearch` stands for the arch.',
      request: {
        required: true,
        meaning:
          'The repository: an absolute path on the server or an http(s) URL, at most 2,000 characters. `$basearch` is replaced by each arch. The server may restrict paths and URLs.',
      },
    },
    packages: PACKAGES,
    revisions: {
      kind: 'texts',
      nullable: true,
      meaning: 'The `revision` in repomd.xml when the compose was taken, in the order of `arches`; null before that.',
      request: null,
    },
  } satisfies FieldsOf<RepoSource, RepoSourceInput>,
  validate(context, input) {
    const { path, rules, check } = context;
    return {
      type: 'REPO',
      repo: readLocation(`${path}.repo`, input.repo, rules, check),
      packages: readPackages(context, input.packages),
      revisions: null,
    };
  },
  key: ({ repo }) => repo,
  resolvedFields: ['revisions'],
  inputOnlyFields: [],
  respin: (source) => ({ ...source, revisions: null }),
  flags: ['dependencies'],
  neededSetting: null,
  lane: 'generate',
  output: 'repository',
  resolvesRequest: false,
};
