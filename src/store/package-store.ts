// The packages of published composes, paged by path.

import type { PackageRecord, PackageStore, RunStatement } from '../app/ports.ts';
import { ownersOf, readableOrReused } from './compose-filter.ts';
import { validId } from './compose-row.ts';
import { prepared } from './prepared.ts';

interface PackageRow {
  readonly compose_id: string;
  readonly path: string;
  readonly nevra: string;
  readonly name: string;
  readonly arch: string;
  readonly source_nevra: string | null;
  readonly sigkey: string | null;
  readonly size_bytes: string | null;
  readonly tree_arch: string;
  readonly category: PackageRecord['category'];
}

const PAGES = prepared(`
  select p.* from unnest($1::bigint[]) as asked (id) cross join lateral (
    select compose_id, path, nevra, name, arch, source_nevra, sigkey, size_bytes, tree_arch, category from compose_package
    where compose_id = asked.id and path > $2 and ($3::text is null or strpos(name, $3) > 0)
    order by path limit $4
  ) p where ${readableOrReused('asked.id', '$5')} order by p.compose_id, p.path`);
const COUNTS = prepared(`
  select compose_id, count(*) as count from compose_package
  where compose_id = any($1::bigint[]) and ($2::text is null or strpos(name, $2) > 0)
    and ${readableOrReused('compose_id', '$3')} group by compose_id`);

// A full join is made by hashing or merging, whatever the planner believes of a table that was filled a moment ago.
const DIFFERENCES = `
  with f as (select distinct on (nevra) * from compose_package where compose_id = $1 and category = 'binary' and ${readableOrReused('$1', '$4')} order by nevra, path),
    t as (select distinct on (nevra) * from compose_package where compose_id = $2 and category = 'binary' and ${readableOrReused('$2', '$4')} order by nevra, path)
  select f.nevra is null as added, ${['path', 'nevra', 'name', 'arch', 'source_nevra', 'sigkey', 'size_bytes', 'tree_arch', 'category'].map((column) => `coalesce(f.${column}, t.${column}) as ${column}`).join(', ')}
  from f full join t on f.nevra = t.nevra
  where f.nevra is null or t.nevra is null limit $3`;

export function packageStore(run: RunStatement): PackageStore {
  return {
    async pages(composeIds, { limit, after, nameContains }, policy) {
      const rows = await run<PackageRow>(PAGES, [
        distinct(composeIds),
        after ?? '',
        nameContains ?? null,
        limit + 1,
        ownersOf(policy),
      ]);
      const found = Map.groupBy(rows, ({ compose_id }) => compose_id);
      return composeIds.map((id) => {
        const some = found.get(id) ?? [];
        return {
          items: some.slice(0, limit).map(packageFrom),
          hasNextPage: some.length > limit,
          hasPreviousPage: after !== undefined,
        };
      });
    },
    async counts(composeIds, nameContains, policy) {
      const rows = await run<{ compose_id: string; count: string }>(COUNTS, [
        distinct(composeIds),
        nameContains ?? null,
        ownersOf(policy),
      ]);
      const found = new Map(rows.map(({ compose_id, count }) => [compose_id, Number(count)]));
      return composeIds.map((id) => found.get(id) ?? 0);
    },
    async differences(fromId, toId, limit, policy) {
      const rows = await run<PackageRow & { readonly added: boolean }>(DIFFERENCES, [
        fromId,
        toId,
        limit + 1,
        ownersOf(policy),
      ]);
      if (rows.length > limit) return null;
      return {
        from: rows.filter(({ added }) => !added).map(packageFrom),
        to: rows.filter(({ added }) => added).map(packageFrom),
      };
    },
  };
}

function distinct(ids: readonly string[]): string[] {
  return [...new Set(ids)].filter((id) => validId(id) !== null);
}

function packageFrom(row: PackageRow): PackageRecord {
  return {
    path: row.path,
    nevra: row.nevra,
    name: row.name,
    arch: row.arch,
    sourceNevra: row.source_nevra,
    sigkey: row.sigkey,
    sizeBytes: row.size_bytes === null ? null : Number(row.size_bytes),
    treeArch: row.tree_arch,
    category: row.category,
  };
}
