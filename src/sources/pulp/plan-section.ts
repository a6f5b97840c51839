// Plans one section of the .repo file from the repositories of a content set: their URL, with $basearch if the URLs
// differ in the arch only, or else a merge by mergerepo_c for each arch.

import type { PulpRepository } from '../../upstreams/pulp/pulp-repository.ts';

/** A merge by mergerepo_c. */
interface Merge {
  readonly arch: string;
  /** In the order of their ids. */
  readonly urls: readonly string[];
}

export interface Section {
  /** Of the content set, or the id of a repository. */
  readonly name: string;
  /** Null if the repositories are merged; the section then points to `<URL of the result>/<name>/$basearch`. */
  readonly url: string | null;
  /** Empty unless `url` is null. */
  readonly merges: readonly Merge[];
  readonly arches: readonly string[];
  readonly sigkeys: readonly string[];
  readonly productVersions: readonly string[];
}

/** `arches`: of repositories without an arch in Pulp. */
export function planSection(name: string, all: readonly PulpRepository[], arches: readonly string[]): Section {
  const repositories = newestOnly([...all].sort((left, right) => (left.id < right.id ? -1 : 1)));
  const section = {
    name,
    arches: unique(repositories.flatMap(({ arch }) => arch ?? arches)),
    sigkeys: unique(repositories.flatMap(({ sigkeys }) => sigkeys)),
    productVersions: unique(repositories.flatMap(({ productVersions }) => productVersions)),
  };
  const urls = new Set(repositories.map(({ url }) => url));
  const [first] = urls;
  if (first && urls.size === 1) return { ...section, url: first, merges: [] };
  const withBasearch = commonUrl(repositories);
  if (withBasearch) return { ...section, url: withBasearch, merges: [] };
  const merges = section.arches.map((arch) => ({
    arch,
    urls: unique(
      repositories.filter((repository) => (repository.arch ?? arch) === arch).map(({ url }) => url),
      false,
    ),
  }));
  return { ...section, url: null, merges };
}

/** The URL with $basearch that all repositories have. Null if they are signed with different keys, because a section has one set of keys. */
function commonUrl(repositories: readonly PulpRepository[]): string | null {
  const urls = new Set<string | null>(
    repositories.map(({ url, arch }) => (arch === null ? null : withBasearch(url, arch))),
  );
  const keys = new Set(repositories.map(({ sigkeys }) => sigkeys.join(',')));
  const [url] = urls;
  return urls.size === 1 && keys.size === 1 && url ? url : null;
}

/** Replaces the arch as a whole word of the path: not within ppc64le for ppc64, and not in the host. */
export function withBasearch(url: string, arch: string): string {
  const { origin } = new URL(url);
  return (
    origin + url.slice(origin.length).replace(new RegExp(`(?<![A-Za-z0-9_])${arch}(?![A-Za-z0-9_])`, 'g'), '$$basearch')
  );
}

/** The repositories of the newest version, if all have the same arch and differ in a numeric version. */
function newestOnly(repositories: readonly PulpRepository[]): readonly PulpRepository[] {
  const versions = repositories.map(({ productVersions }) =>
    productVersions.length === 1 ? parseVersion(productVersions[0]) : null,
  );
  const comparable =
    repositories.length > 1 &&
    new Set(repositories.map(({ arch }) => arch)).size === 1 &&
    versions.every((version) => version !== null && version.length === versions[0]?.length);
  if (!comparable) return repositories;
  const newest = versions.reduce((best, version) => (compare(version ?? [], best ?? []) > 0 ? version : best));
  return repositories.filter((_, index) => compare(versions[index] ?? [], newest ?? []) === 0);
}

function parseVersion(text: string | undefined): readonly number[] | null {
  return text !== undefined && /^\d{1,9}(\.\d{1,9})*$/.test(text) ? text.split('.').map(Number) : null;
}

function compare(left: readonly number[], right: readonly number[]): number {
  for (const [index, part] of left.entries()) if (part !== right[index]) return part - (right[index] ?? 0);
  return 0;
}

function unique(items: readonly string[], sorted = true): readonly string[] {
  const all = [...new Set(items)];
  return sorted ? all.sort() : all;
}
