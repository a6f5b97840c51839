// The binary packages of which two composes have different versions. A package that is in several trees counts once.

import type { DifferencesQuery, RunStatement } from '../app/ports.ts';
import type { PackageVersions } from '../compose/package-diff.ts';
import type { ReadPolicy } from '../compose/read-policy.ts';
import { ownersOf, readableOrReused } from './compose-filter.ts';

/**
 * The packages of compose `id`. A NEVRA is name-epoch:version-release.arch. With the collation C neither the order nor
 * the time of a sort depends on the locale of the database. $3: part of the name, $4: owners, $5 and $6: the first name
 * and arch.
 */
function packagesOf(id: '$1' | '$2'): string {
  return `
    select name, arch, string_agg(evr, ' ' order by evr) as evrs
    from (
      select distinct name collate "C" as name, arch collate "C" as arch,
        substr(nevra, length(name) + 2, length(nevra) - length(name) - length(arch) - 2) collate "C" as evr
      from compose_package
      where compose_id = ${id} and category = 'binary' and ${readableOrReused(id, '$4')}
        and ($3::text is null or strpos(name, $3) > 0) and (name collate "C", arch collate "C") >= ($5, $6)
    ) versions
    group by name, arch`;
}

const DIFFERENCES = `
  with f as (${packagesOf('$1')}), t as (${packagesOf('$2')})
  select coalesce(f.name, t.name) as name, coalesce(f.arch, t.arch) as arch, f.evrs as "from", t.evrs as "to"
  from f full join t on f.name = t.name and f.arch = t.arch
  where f.evrs is distinct from t.evrs
  order by 1, 2 limit $7`;

/** Rows are returned as they are: there may be more of them than can be converted in one turn of the event loop. */
export function differences(
  run: RunStatement,
  fromId: string,
  toId: string,
  { from, nameContains, limit }: DifferencesQuery,
  policy: ReadPolicy,
): Promise<readonly PackageVersions[]> {
  const { name, arch } = from ?? { name: '', arch: '' };
  return run<PackageVersions>(DIFFERENCES, [
    fromId,
    toId,
    nameContains ?? null,
    ownersOf(policy),
    name,
    arch,
    limit ?? null,
  ]);
}
