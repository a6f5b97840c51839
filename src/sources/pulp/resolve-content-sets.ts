// Plans a Pulp compose from the content sets of a request: the sections of its .repo file, and the repositories that must be
// merged or made empty. A name that is no content set may be the id of a repository.

import type { ComposeFlag } from '../../compose/vocabulary.ts';
import { invalidSource, type Answer, type Failed } from '../../upstreams/answer.ts';
import { repositoryId, type PulpRepository, type PulpServer } from '../../upstreams/pulp/pulp-repository.ts';
import { planSection, withBasearch, type Section } from './plan-section.ts';

interface PulpWanted {
  readonly contentSets: readonly string[];
  readonly flags: readonly ComposeFlag[];
  /** Of the request: for empty repositories, and for repositories without an arch in Pulp. */
  readonly arches: readonly string[];
}

export interface PulpPlan {
  /** Ordered by name. */
  readonly sections: readonly Section[];
  /** Arches that an empty repository is made for; only if there is no section. */
  readonly emptyArches: readonly string[];
  /** The names that were found. */
  readonly resolvedContentSets: readonly string[];
  /** The names that IGNORE_ABSENT_PULP_REPOS skipped. */
  readonly absent: readonly string[];
  readonly arches: readonly string[];
  readonly sigkeys: readonly string[];
}

/** Rejects after an abort. */
export async function resolveContentSets(
  wanted: PulpWanted,
  pulp: PulpServer,
  signal: AbortSignal,
): Promise<Answer<PulpPlan>> {
  const names = [...new Set(wanted.contentSets)].sort();
  // Names are written into the .repo file, and Pulp has none of such a name.
  const impossible = names.find((name) => !repositoryId.safeParse(name).success);
  if (impossible !== undefined)
    return invalidSource(`${JSON.stringify(impossible)} cannot be the name of a content set or repository.`);
  const query = { includeUnpublished: wanted.flags.includes('INCLUDE_UNPUBLISHED_PULP_REPOS'), signal };
  const bySets = await pulp.byContentSets(names, query);
  if ('failure' in bySets) return bySets;
  const groups = Map.groupBy(bySets.value, ({ contentSet }) => contentSet ?? '');
  const idsInSets = new Set(bySets.value.map(({ id }) => id));
  // A repository of a named content set is not added a second time.
  const ids = names.filter((name) => !groups.has(name) && !idsInSets.has(name));
  const byIds = ids.length > 0 ? await pulp.byIds(ids, query) : { value: [] };
  if ('failure' in byIds) return byIds;
  for (const repository of byIds.value) groups.set(repository.id, [repository]);
  const found = new Set([...groups.keys(), ...idsInSets]);
  const absent = names.filter((name) => !found.has(name));
  if (absent.length > 0 && !wanted.flags.includes('IGNORE_ABSENT_PULP_REPOS'))
    return notFound(absent, query.includeUnpublished);
  const resolved = names.filter((name) => found.has(name));
  return { value: planOf(wanted, groups, resolved, absent) };
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

/** With $basearch, a client of another arch finds no repository in place of one with unusable packages. */
function forCompatibleArch(section: Section): Section {
  const [arch] = section.arches;
  return section.url !== null && section.arches.length === 1 && arch
    ? { ...section, url: withBasearch(section.url, arch) }
    : section;
}

function unionOf(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())].sort();
}

function notFound(absent: readonly string[], includeUnpublished: boolean): Failed {
  const kind = includeUnpublished ? '' : 'published ';
  const advice = includeUnpublished ? '' : ' or INCLUDE_UNPUBLISHED_PULP_REPOS to accept unpublished ones';
  return invalidSource(
    `Pulp has no ${kind}content set or repository ${absent.join(', ')}. Correct the names, or use the flag IGNORE_ABSENT_PULP_REPOS to skip absent ones${advice}.`,
  );
}
