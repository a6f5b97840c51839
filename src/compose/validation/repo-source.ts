// An RPM repository by path or URL.

import type { RepoSourceInput } from '../input.ts';
import type { RepoSource } from '../source.ts';
import { readLocation, readPackages, type SourceContext } from './context.ts';

export function readRepoSource(context: SourceContext, source: RepoSourceInput): RepoSource {
  const { path, rules, check } = context;
  return {
    type: 'REPO',
    repo: readLocation(`${path}.repo`, source.repo, rules, check),
    packages: readPackages(context, source.packages),
    revisions: null,
  };
}
