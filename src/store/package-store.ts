// The packages of published composes, paged by path.

import type { PackageRecord, PackageStore, RunStatement } from '../app/ports.ts';
import { validId } from './compose-row.ts';

interface PackageRow {
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

const PAGE = `
  select path, nevra, name, arch, source_nevra, sigkey, size_bytes, tree_arch, category from compose_package
  where compose_id = $1 and path > $2 and ($3::text is null or strpos(name, $3) > 0)
  order by path limit $4`;
const COUNT = 'select count(*) as count from compose_package where compose_id = $1 and ($2::text is null or strpos(name, $2) > 0)';

// A full join is made by hashing or merging, whatever the planner believes of a table that was filled a moment ago.
const DIFFERENCES = `
  with f as (select distinct on (nevra) * from compose_package where compose_id = $1 and category = 'binary' order by nevra, path),
    t as (select distinct on (nevra) * from compose_package where compose_id = $2 and category = 'binary' order by nevra, path)
  select f.nevra is null as added, ${['path', 'nevra', 'name', 'arch', 'source_nevra', 'sigkey', 'size_bytes', 'tree_arch', 'category'].map((column) => `coalesce(f.${column}, t.${column}) as ${column}`).join(', ')}
  from f full join t on f.nevra = t.nevra
  where f.nevra is null or t.nevra is null limit $3`;

export function packageStore(run: RunStatement): PackageStore {
  return {
    async page(composeId, { limit, after, nameContains }) {
      if (validId(composeId) === null) return { items: [], hasNextPage: false, hasPreviousPage: false };
      const rows = await run<PackageRow>(PAGE, [composeId, after ?? '', nameContains ?? null, limit + 1]);
      return { items: rows.slice(0, limit).map(packageFrom), hasNextPage: rows.length > limit, hasPreviousPage: after !== undefined };
    },
    async count(composeId, nameContains) {
      if (validId(composeId) === null) return 0;
      const [row] = await run<{ count: string }>(COUNT, [composeId, nameContains ?? null]);
      return Number(row?.count ?? 0);
    },
    async differences(fromId, toId, limit) {
      const rows = await run<PackageRow & { readonly added: boolean }>(DIFFERENCES, [fromId, toId, limit + 1]);
      if (rows.length > limit) return null;
      return { from: rows.filter(({ added }) => !added).map(packageFrom), to: rows.filter(({ added }) => added).map(packageFrom) };
    },
  };
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
