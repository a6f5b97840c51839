// The packages of published composes.

import { sql } from 'kysely';
import type { PackageRecord, PackagesQuery, PackageStore, Page } from '../app/ports.ts';
import type { ReadPolicy } from '../compose/read-policy.ts';
import { anyOf, isReadableOrReusedBy, ownersOf, unnested, type Owners } from './compose-filter.ts';
import { validIds } from './compose-row.ts';
import type { Em } from './em.ts';
import { ComposePackageEntity } from './entities/compose-package.ts';
import { fieldsOf, type EntityField } from './entity-fields.ts';
import { differences } from './package-differences.ts';
import { statement } from './prepared.ts';

const FIELDS = fieldsOf(ComposePackageEntity).filter(isOfRecord);

function isOfRecord(field: EntityField): field is EntityField<keyof PackageRecord> {
  return field.name !== 'composeId';
}

export function packageStore(em: Em): PackageStore {
  return {
    pages: (composeIds, query, policy) => pages(em, composeIds, query, policy),
    counts: (composeIds, nameContains, policy) => counts(em, composeIds, nameContains, policy),
    byNevra: (composeId, nevras, policy) => byNevra(em, composeId, nevras, policy),
    differences: (fromId, toId, query, policy) => differences(em, fromId, toId, query, policy),
  };
}

/** A row of which the fields are selected by their names, and what else a statement selects. */
interface PackageRow extends Omit<PackageRecord, 'sizeBytes'> {
  readonly sizeBytes: string | null;
  readonly composeId?: string;
}

interface PagesQuery {
  readonly after: string;
  readonly nameContains: string | null;
  readonly limit: number;
}

const pagesOf = statement((db, ids: readonly string[], { after, nameContains, limit }: PagesQuery, owners: Owners) =>
  db
    .selectFrom(unnested(ids))
    .innerJoinLateral(
      (eb) =>
        eb
          .selectFrom('compose_package')
          .selectAll()
          .whereRef('compose_id', '=', 'asked.id')
          .where('path', '>', after)
          .where(hasInName(nameContains))
          .orderBy('path')
          .limit(limit)
          .as('p'),
      (join) => join.onTrue(),
    )
    .select(['p.compose_id as composeId', ...FIELDS.map(({ name, column }) => sql.ref(`p.${column}`).as(name))])
    .where((eb) => isReadableOrReusedBy(eb.ref('asked.id'), owners))
    .orderBy('p.compose_id')
    .orderBy('p.path'),
);

async function pages(
  em: Em,
  composeIds: readonly string[],
  { limit, after, nameContains }: PackagesQuery,
  policy: ReadPolicy,
): Promise<readonly Page<PackageRecord>[]> {
  const query = { after: after ?? '', nameContains: nameContains ?? null, limit: limit + 1 };
  const rows = await pagesOf(em, distinct(composeIds), query, ownersOf(policy));
  const found = Map.groupBy(rows, ({ composeId }) => composeId);
  return composeIds.map((id) => {
    const some = (found.get(id) ?? []) as unknown as readonly PackageRow[];
    return {
      items: some.slice(0, limit).map(packageFrom),
      hasNextPage: some.length > limit,
      hasPreviousPage: after !== undefined,
    };
  });
}

const countsOf = statement((db, ids: readonly string[], nameContains: string | null, owners: Owners) =>
  db
    .selectFrom('compose_package')
    .select((eb) => ['compose_id', eb.fn.countAll<string>().as('count')])
    .where('compose_id', '=', anyOf(ids, 'bigint'))
    .where(hasInName(nameContains))
    .where((eb) => isReadableOrReusedBy(eb.ref('compose_id'), owners))
    .groupBy('compose_id'),
);

async function counts(
  em: Em,
  composeIds: readonly string[],
  nameContains: string | undefined,
  policy: ReadPolicy,
): Promise<readonly number[]> {
  const rows = await countsOf(em, distinct(composeIds), nameContains ?? null, ownersOf(policy));
  const found = new Map(rows.map(({ compose_id: id, count }) => [id, Number(count)]));
  return composeIds.map((id) => found.get(id) ?? 0);
}

// One package a NEVRA, whatever trees it is in.
const withNevras = statement((db, composeId: string, nevras: readonly string[], owners: Owners) =>
  db
    .selectFrom('compose_package')
    .distinctOn(sql`nevra collate "C"`)
    .select(FIELDS.map(({ name, column }) => sql.ref(column).as(name)))
    .where('compose_id', '=', composeId)
    .where('nevra', '=', anyOf(nevras, 'text'))
    .where((eb) => isReadableOrReusedBy(eb.ref('compose_id'), owners))
    .orderBy(sql`nevra collate "C"`)
    .orderBy('path'),
);

async function byNevra(
  em: Em,
  composeId: string,
  nevras: readonly string[],
  policy: ReadPolicy,
): Promise<readonly PackageRecord[]> {
  const rows = await withNevras(em, composeId, nevras, ownersOf(policy));
  return (rows as unknown as readonly PackageRow[]).map(packageFrom);
}

function hasInName(text: string | null) {
  return sql<boolean>`(${text}::text is null or strpos(name, ${text}) > 0)`;
}

function distinct(ids: readonly string[]): readonly string[] {
  return validIds([...new Set(ids)]);
}

function packageFrom({ composeId: _id, sizeBytes, ...row }: PackageRow): PackageRecord {
  return { ...row, sizeBytes: sizeBytes === null ? null : Number(sizeBytes) };
}

const PACKAGES_AT_A_TIME = 5_000;

const COLUMNS = sql.join(FIELDS.map(({ column }) => sql.ref(column)));

// Raw: one array a column, because one parameter a value would exceed the limit of 65,535.
const insertMany = statement(
  (_db, composeId: string, arrays: Record<string, readonly unknown[]>) => sql<object>`
    insert into compose_package (compose_id, ${COLUMNS})
    select ${composeId}, * from unnest(${sql.join(
      FIELDS.map(({ name, type }) => sql`${arrays[name]}::${sql.raw(type === 'bigint' ? 'bigint' : 'text')}[]`),
    )})
    on conflict do nothing`,
);

export async function insertPackages(em: Em, composeId: string, packages: readonly PackageRecord[]): Promise<void> {
  for (let start = 0; start < packages.length; start += PACKAGES_AT_A_TIME) {
    const some = packages.slice(start, start + PACKAGES_AT_A_TIME);
    await insertMany(
      em,
      composeId,
      Object.fromEntries(FIELDS.map(({ name }) => [name, some.map((each) => each[name])])),
    );
  }
}

export async function deletePackages(em: Em, composeId: string): Promise<void> {
  await em.nativeDelete(ComposePackageEntity, { composeId });
}
