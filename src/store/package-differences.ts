// The binary packages of which two composes have different versions. A package that is in several trees counts once.

import { sql, type Expression } from 'kysely';
import type { DifferencesQuery } from '../app/ports.ts';
import type { PackageVersions } from '../compose/package-diff.ts';
import type { ReadPolicy } from '../compose/read-policy.ts';
import { isReadableOrReusedBy, ownersOf } from './compose-filter.ts';
import type { Em } from './em.ts';

/**
 * Raw, because the builder has no collations. Rows are returned as they are: there may be more of them than can be converted
 * in one turn of the event loop.
 */
export async function differences(
  em: Em,
  fromId: string,
  toId: string,
  query: DifferencesQuery,
  policy: ReadPolicy,
): Promise<readonly PackageVersions[]> {
  const select = sql<PackageVersions>`
    with f as (${packagesOf(fromId, query, policy)}), t as (${packagesOf(toId, query, policy)})
    select coalesce(f.name, t.name) as name, coalesce(f.arch, t.arch) as arch, f.evrs as "from", t.evrs as "to"
    from f full join t on f.name = t.name and f.arch = t.arch
    where f.evrs is distinct from t.evrs
    order by 1, 2 limit ${query.limit ?? null}`;
  return (await select.execute(em.getKysely())).rows;
}

/**
 * A NEVRA is name-epoch:version-release.arch. With the collation C neither the order nor the time of a sort depends on the
 * locale of the database.
 */
function packagesOf(composeId: string, { from, nameContains = '' }: DifferencesQuery, policy: ReadPolicy) {
  const id: Expression<string> = sql`${composeId}::bigint`;
  return sql`
    select name, arch, string_agg(evr, ' ' order by evr) as evrs
    from (
      select distinct name collate "C" as name, arch collate "C" as arch,
        substr(nevra, length(name) + 2, length(nevra) - length(name) - length(arch) - 2) collate "C" as evr
      from compose_package
      where compose_id = ${id} and category = 'binary' and ${isReadableOrReusedBy(id, ownersOf(policy))}
        and strpos(name, ${nameContains}) > 0
        and (name collate "C", arch collate "C") >= (${from?.name ?? ''}, ${from?.arch ?? ''})
    ) versions
    group by name, arch`;
}
