// One page of composes by keyset: the rows after (or before) a key, in an order that an index has, so that the last page
// costs as much as the first one. NULL sorts as the largest value. A page that may cross from values to NULLs is a union
// of two ranges, because an OR of them could use no index.

import { sql, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import type { ComposeFilter, ComposeOrderField, Page, PageKey, PageQuery } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import type { ReadPolicy } from '../compose/read-policy.ts';
import { filterConditions, isReadable, stateConditions, type Condition, type OnCompose } from './compose-filter.ts';
import { composeColumns, composeFrom, validId, type ComposeRow } from './compose-row.ts';
import type { Em, Tables } from './em.ts';
import { statementsBy } from './prepared.ts';

const COLUMN = {
  ID: 'c.id',
  SUBMITTED_AT: 'c.submitted_at',
  DONE_AT: 'c.done_at',
  REMOVED_AT: 'c.removed_at',
  EXPIRES_AT: 'c.expires_at',
} as const satisfies Record<ComposeOrderField, string>;
const NULLABLE: ReadonlySet<ComposeOrderField> = new Set(['DONE_AT', 'REMOVED_AT']);

export async function readPage(em: Em, query: PageQuery, policy: ReadPolicy): Promise<Page<Compose>> {
  const { shape, keys } = walkOf(query);
  const isUnfiltered = Object.keys(query.filter).length === 0 && policy.owners === 'ALL';
  const rows: readonly ComposeRow[] = isUnfiltered
    ? await unfilteredRows(shape)(em, keys)
    : await pageRows(em.getKysely(), shape, keys, { filter: query.filter, policy }).execute();
  const hasMore = rows.length > query.limit;
  const items = rows.slice(0, query.limit).map(composeFrom);
  if (query.backwards) items.reverse();
  const hasOther = keys.startId !== null;
  return {
    items,
    hasNextPage: query.backwards ? hasOther : hasMore,
    hasPreviousPage: query.backwards ? hasMore : hasOther,
  };
}

/** What the text of the statement depends on. */
interface Shape {
  readonly field: ComposeOrderField;
  readonly ascending: boolean;
  /** Which kind of value the keys have that the rows lie between. */
  readonly start: KeyKind;
  readonly end: KeyKind;
}

type KeyKind = 'NONE' | 'NULL' | 'VALUE';

interface Keys {
  readonly startValue: string | null;
  readonly startId: string | null;
  readonly endValue: string | null;
  readonly endId: string | null;
  /** One more than the page has, so that its end is known. */
  readonly rows: number;
}

/** The walk over the rows in one direction; a backwards page is read from its end. */
export function walkOf({ orderBy, limit, after, before, backwards }: PageQuery): { shape: Shape; keys: Keys } {
  const [start, end] = backwards ? [before, after] : [after, before];
  return {
    shape: {
      field: orderBy.field,
      ascending: (orderBy.direction === 'ASC') !== backwards,
      start: kindOf(start),
      end: kindOf(end),
    },
    keys: {
      startValue: start?.value ?? null,
      startId: start ? (validId(start.id) ?? '0') : null,
      endValue: end?.value ?? null,
      endId: end ? (validId(end.id) ?? '0') : null,
      rows: limit + 1,
    },
  };
}

function kindOf(key: PageKey | undefined): KeyKind {
  if (key === undefined) return 'NONE';
  return key.value === null ? 'NULL' : 'VALUE';
}

// Without a filter the plan does not depend on the values, so that these can be prepared.
const unfilteredRows = statementsBy((shape: Shape, db, keys: Keys) => pageRows(db, shape, keys));

interface Restriction {
  readonly filter: ComposeFilter;
  readonly policy: ReadPolicy;
}

export function pageRows(db: Kysely<Tables>, shape: Shape, keys: Keys, restriction?: Restriction) {
  const order = orderOf(shape);
  const end = rangesAfter({ ...shape, ascending: !shape.ascending, start: shape.end }, keys.endValue, keys.endId);
  const select = (range?: Range) =>
    db
      .selectFrom('compose as c')
      .selectAll('c')
      .where((eb) => eb.and(conditionsOf(eb, range, end, restriction)))
      .orderBy(order)
      .limit(keys.rows);
  const [range, nextRange] = rangesAfter(shape, keys.startValue, keys.startId);
  // Only the rows of the page become JSON.
  if (nextRange === undefined) return db.selectFrom(select(range).as('c')).select(composeColumns).orderBy(order);
  const rows = db.selectFrom(select(range).as('c')).selectAll('c').select(sql.lit(0).as('range'));
  const nextRows = db.selectFrom(select(nextRange).as('c')).selectAll('c').select(sql.lit(1).as('range'));
  return db
    .selectFrom(rows.unionAll(nextRows).as('c'))
    .select(composeColumns)
    .orderBy('c.range')
    .orderBy(order)
    .limit(keys.rows);
}

function orderOf({ field, ascending }: Shape): RawBuilder<unknown> {
  const direction = sql.raw(ascending ? 'asc' : 'desc');
  const id = sql`${sql.ref('c.id')} ${direction}`;
  return field === 'ID' ? id : sql`${sql.ref(COLUMN[field])} ${direction}, ${id}`;
}

function conditionsOf(
  eb: OnCompose,
  range: Range | undefined,
  end: readonly Range[],
  restriction: Restriction | undefined,
): readonly Condition[] {
  return [
    ...(range ? [range(eb)] : []),
    ...(end.length > 0 ? [eb.or(end.map((each) => each(eb)))] : []),
    ...(restriction && restriction.policy.owners !== 'ALL' ? [isReadable(eb, restriction.policy)] : []),
    ...(restriction ? [...filterConditions(eb, restriction.filter), ...stateConditions(eb, restriction.filter)] : []),
  ];
}

type Range = (eb: OnCompose) => Condition;

/** The one or two ranges of rows that come after the key in this order; none without a key. */
function rangesAfter(
  { field, ascending, start }: Omit<Shape, 'end'>,
  value: string | null,
  id: string | null,
): readonly Range[] {
  if (start === 'NONE') return [];
  const column = COLUMN[field];
  const compare = ascending ? '>' : '<';
  const hasId: Range = (eb) => eb('c.id', compare, id ?? '');
  if (column === 'c.id') return [hasId];
  const isNull: Range = (eb) => eb(column, 'is', null);
  if (start === 'NULL') {
    const nulls: Range = (eb) => eb.and([isNull(eb), hasId(eb)]);
    return ascending ? [nulls] : [nulls, (eb) => eb(column, 'is not', null)];
  }
  const values: Range = (eb) =>
    sql<SqlBool>`(${eb.ref(column)}, ${eb.ref('c.id')}) ${sql.raw(compare)} (${value}::timestamptz, ${id}::bigint)`;
  return ascending && NULLABLE.has(field) ? [values, isNull] : [values];
}
