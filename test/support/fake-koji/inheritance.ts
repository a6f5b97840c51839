// Inheritance and content of tags, by readFullInheritance, readPackageList and readTaggedBuilds of kojihub.py.

import { activeAt, BUILD_STATE, type FakeBuild, type KojiModel, type Link, type PackageRow } from './model.ts';

export interface InheritedLink extends Link {
  readonly nextdepth: number | null;
  readonly currdepth: number;
  readonly filters: readonly string[];
}

export function fullInheritance(model: KojiModel, tagId: number, event: number | null): InheritedLink[] {
  const order: InheritedLink[] = [];
  const history = new Map<number, InheritedLink[]>();
  const walk = (
    id: number,
    top: ReadonlySet<number>,
    depth: number,
    maxdepth: number | null,
    filters: readonly string[],
  ): void => {
    if (maxdepth !== null && maxdepth < 1) return;
    const seen = new Set([...top, id]);
    const links = model.links
      .filter((link) => link.tagId === id && activeAt(link, event))
      .sort((a, b) => a.priority - b.priority);
    for (const link of links) {
      if (seen.has(link.parentId) || (link.intransitive && seen.size > 1)) continue;
      const nextdepth = nextDepth(link.maxdepth, maxdepth);
      const own = link.filter === '' ? filters : [...filters, link.filter];
      const inherited: InheritedLink = { ...link, nextdepth, currdepth: depth + 1, filters: own };
      const before = history.get(link.parentId);
      if (
        before?.some(
          (one) =>
            one.filters.length === 0 && (one.nextdepth === null || (nextdepth !== null && one.nextdepth >= nextdepth)),
        )
      )
        continue;
      history.set(link.parentId, [...(before ?? []), inherited]);
      order.push(inherited);
      walk(link.parentId, seen, depth + 1, nextdepth, own);
    }
  };
  walk(tagId, new Set(), 0, null, []);
  return order;
}

function nextDepth(ofLink: number | null, sofar: number | null): number | null {
  if (ofLink === null) return sofar === null ? null : sofar - 1;
  return sofar === null ? ofLink : Math.min(ofLink, sofar) - 1;
}

/** By package name; the first tag in inheritance order decides. Includes blocked packages. */
export function packageList(
  model: KojiModel,
  tagId: number,
  event: number | null,
  inherited: boolean,
): Map<string, PackageRow> {
  const list = new Map<string, PackageRow>();
  const add = (id: number, filters: readonly string[]): void => {
    for (const row of model.packages.filter((one) => one.tagId === id && activeAt(one, event))) {
      // Python's re.match matches at the beginning of the name.
      if (!list.has(row.name) && filters.every((filter) => new RegExp(`^(?:${filter})`).test(row.name)))
        list.set(row.name, row);
    }
  };
  add(tagId, []);
  if (inherited) for (const link of fullInheritance(model, tagId, event)) add(link.parentId, link.filters);
  return list;
}

export interface TaggedBuild {
  readonly build: FakeBuild;
  readonly tagId: number;
  readonly created: number;
}

export function taggedBuilds(
  model: KojiModel,
  tagId: number,
  options: {
    readonly event: number | null;
    readonly inherit: boolean;
    readonly latest: boolean | number;
    readonly package: string | null;
    readonly type: string | null;
  },
): TaggedBuild[] {
  const { event, inherit, latest } = options;
  const tags = [tagId, ...(inherit ? fullInheritance(model, tagId, event).map((link) => link.parentId) : [])];
  const packages = packageList(model, tagId, event, true);
  const limit = latest === true ? 1 : Number(latest);
  const counts = new Map<string, number>();
  const result: TaggedBuild[] = [];
  for (const id of tags) {
    const rows = model.listings
      .filter((row) => row.tagId === id && activeAt(row, event))
      .sort((a, b) => b.created - a.created || b.buildId - a.buildId);
    for (const row of rows) {
      const build = model.builds.get(row.buildId);
      if (!build || build.state !== BUILD_STATE.COMPLETE) continue;
      if (
        (options.package !== null && build.name !== options.package) ||
        (options.type !== null && !build.types.includes(options.type))
      )
        continue;
      const listed = packages.get(build.name);
      if (!listed || listed.blocked) continue;
      const count = counts.get(build.name) ?? 0;
      if (limit > 0 && count >= limit) continue;
      counts.set(build.name, count + 1);
      result.push({ build, tagId: id, created: row.created });
    }
  }
  return result;
}
