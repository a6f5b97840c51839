// Content sets as a request names them → what a Pulp compose is: sections of a .repo file, and what has to be merged or
// made empty first. What is no content set may be the id of a repository.

import { failure, type ComposeFailure } from '../../compose/failure.ts';
import type { ComposeFlag } from '../../compose/vocabulary.ts';
import { planSection, withBasearch, type Section } from './merge-plan.ts';
import { repositoryId, type PulpRepository, type PulpServer } from '../../upstreams/pulp/pulp-repository.ts';

export interface PulpWanted {
  readonly contentSets: readonly string[];
  readonly flags: readonly ComposeFlag[];
  /** Those that the request names or gets: of empty repositories, and of repositories of which Pulp does not tell any. */
  readonly arches: readonly string[];
}

export interface PulpPlan {
  /** In the order of their names. */
  readonly sections: readonly Section[];
  /** Arches that an empty repository is to be made for; empty unless there is no section. */
  readonly emptyArches: readonly string[];
  /** Those that were found. */
  readonly resolvedContentSets: readonly string[];
  /** Those that IGNORE_ABSENT_PULP_REPOS passed over. */
  readonly absent: readonly string[];
  readonly arches: readonly string[];
  readonly sigkeys: readonly string[];
}

/** Rejects after an abort. */
export async function resolveContentSets(
  wanted: PulpWanted,
  pulp: PulpServer,
  signal: AbortSignal,
): Promise<{ readonly plan: PulpPlan } | { readonly failure: ComposeFailure }> {
  const asked = [...new Set(wanted.contentSets)].sort();
  // Each comes to stand in a .repo file; Pulp has none of such a name.
  const impossible = asked.find((name) => !repositoryId.safeParse(name).success);
  if (impossible !== undefined)
    return {
      failure: failure('INVALID_SOURCE', `${JSON.stringify(impossible)} is no name of a content set or repository`),
    };
  const query = { includeUnpublished: wanted.flags.includes('INCLUDE_UNPUBLISHED_PULP_REPOS'), signal };
  const bySets = await pulp.byContentSets(asked, query);
  if ('failure' in bySets) return bySets;
  const groups = Map.groupBy(bySets.repositories, ({ contentSet }) => contentSet ?? '');
  const idsInSets = new Set(bySets.repositories.map(({ id }) => id));
  // A repository that its content set brings already comes once.
  const ids = asked.filter((name) => !groups.has(name) && !idsInSets.has(name));
  const byIds = ids.length > 0 ? await pulp.byIds(ids, query) : { repositories: [] };
  if ('failure' in byIds) return byIds;
  for (const repository of byIds.repositories) groups.set(repository.id, [repository]);
  const found = new Set([...groups.keys(), ...idsInSets]);
  const absent = asked.filter((name) => !found.has(name));
  if (absent.length > 0 && !wanted.flags.includes('IGNORE_ABSENT_PULP_REPOS'))
    return { failure: notFound(absent, query.includeUnpublished) };
  return {
    plan: planOf(
      wanted,
      groups,
      asked.filter((name) => found.has(name)),
      absent,
    ),
  };
}

function planOf(
  wanted: PulpWanted,
  groups: ReadonlyMap<string, readonly PulpRepository[]>,
  resolvedContentSets: readonly string[],
  absent: readonly string[],
): PulpPlan {
  const sections = [...groups]
    .map(([name, repositories]) => planSection(name, repositories, wanted.arches))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
  return {
    sections: wanted.flags.includes('USE_ONLY_COMPATIBLE_ARCH') ? sections.map(forCompatibleArch) : sections,
    emptyArches: sections.length === 0 ? wanted.arches : [],
    resolvedContentSets,
    absent,
    arches: sections.length === 0 ? wanted.arches : unionOf(sections.map(({ arches }) => arches)),
    sigkeys: unionOf(sections.map(({ sigkeys }) => sigkeys)),
  };
}

/** A client finds its own arch, or nothing: never packages of another. */
function forCompatibleArch(section: Section): Section {
  const [arch] = section.arches;
  return section.url !== null && section.arches.length === 1 && arch
    ? { ...section, url: withBasearch(section.url, arch) }
    : section;
}

function unionOf(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())].sort();
}

function notFound(absent: readonly string[], includeUnpublished: boolean): ComposeFailure {
  const kind = includeUnpublished ? '' : 'published ';
  const advice = includeUnpublished ? '' : '; with INCLUDE_UNPUBLISHED_PULP_REPOS unpublished ones count as well';
  return failure(
    'INVALID_SOURCE',
    `There is no ${kind}content set or repository ${absent.join(', ')} in Pulp${advice}; with IGNORE_ABSENT_PULP_REPOS what is absent is passed over`,
  );
}
