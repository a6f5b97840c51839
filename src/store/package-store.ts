// The packages of published composes, paged by path.

import type { PackageStore, RunStatement } from '../app/ports.ts';
import { ownersOf, readableOrReused } from './compose-filter.ts';
import { validId } from './compose-row.ts';
import { differences } from './package-differences.ts';
import { PACKAGE_COLUMNS, packageFrom, type StoredPackage } from './package-row.ts';
import { prepared } from './prepared.ts';

type PackageRow = StoredPackage & { readonly compose_id: string };

const PAGES = prepared(`
  select p.* from unnest($1::bigint[]) as asked (id) cross join lateral (
    select compose_id, ${PACKAGE_COLUMNS.join(', ')} from compose_package
    where compose_id = asked.id and path > $2 and ($3::text is null or strpos(name, $3) > 0)
    order by path limit $4
  ) p where ${readableOrReused('asked.id', '$5')} order by p.compose_id, p.path`);
const COUNTS = prepared(`
  select compose_id, count(*) as count from compose_package
  where compose_id = any($1::bigint[]) and ($2::text is null or strpos(name, $2) > 0)
    and ${readableOrReused('compose_id', '$3')} group by compose_id`);

const BY_NEVRA = prepared(`
  select distinct on (nevra collate "C") ${PACKAGE_COLUMNS.join(', ')} from compose_package
  where compose_id = $1 and nevra = any($2::text[]) and ${readableOrReused('$1', '$3')} order by nevra collate "C", path`);

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
    async byNevra(composeId, nevras, policy) {
      const rows = await run<StoredPackage>(BY_NEVRA, [composeId, nevras, ownersOf(policy)]);
      return rows.map(packageFrom);
    },
    differences: (fromId, toId, query, policy) => differences(run, fromId, toId, query, policy),
  };
}

function distinct(ids: readonly string[]): string[] {
  return [...new Set(ids)].filter((id) => validId(id) !== null);
}
