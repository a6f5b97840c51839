// One page of composes, by keyset: the rows after (or before) a key in an order that an index has, so that the last
// page costs what the first one does. NULLs sort as largest. Where a page may cross from values to NULLs, the two
// stretches are read one after the other, each with its own limit: an OR of them could use no index.

import type { ComposeOrderField, Page, PageKey, PageQuery, RunStatement } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import type { ReadPolicy } from '../compose/read-policy.ts';
import { addFilter, addPolicy, addStates, Conditions } from './compose-filter.ts';
import { composeColumns, composeFrom, validId, type ComposeRow } from './compose-row.ts';
import { prepared } from './prepared.ts';

const COLUMN: Record<ComposeOrderField, string> = {
  ID: 'c.id',
  SUBMITTED_AT: 'c.submitted_at',
  DONE_AT: 'c.done_at',
  REMOVED_AT: 'c.removed_at',
  EXPIRES_AT: 'c.expires_at',
};

interface Walk {
  readonly field: ComposeOrderField;
  readonly ascending: boolean;
}

export async function readPage(run: RunStatement, query: PageQuery, policy: ReadPolicy): Promise<Page<Compose>> {
  const { sql, parameters } = pageStatement(query, policy);
  // Few texts, as long as there is no filter; its values decide about the plan.
  const rows = await run<ComposeRow>(
    Object.keys(query.filter).length === 0 && policy.owners === 'ALL' ? prepared(sql) : sql,
    parameters,
  );
  const hasMore = rows.length > query.limit;
  const items = rows.slice(0, query.limit).map(composeFrom);
  if (query.backwards) items.reverse();
  const hasOther = (query.backwards ? query.before : query.after) !== undefined;
  return {
    items,
    hasNextPage: query.backwards ? hasOther : hasMore,
    hasPreviousPage: query.backwards ? hasMore : hasOther,
  };
}

export function pageStatement(
  query: PageQuery,
  policy: ReadPolicy,
): { readonly sql: string; readonly parameters: readonly unknown[] } {
  const walk = { field: query.orderBy.field, ascending: (query.orderBy.direction === 'ASC') !== query.backwards };
  const conditions = new Conditions();
  addPolicy(conditions, policy);
  addFilter(conditions, query.filter);
  addStates(conditions, query.filter);
  const start = query.backwards ? query.before : query.after;
  const end = query.backwards ? query.after : query.before;
  if (end) conditions.add(`(${stretches(conditions, { ...walk, ascending: !walk.ascending }, end).join(' or ')})`);
  const limit = conditions.parameter(query.limit + 1);
  const parts = (start ? stretches(conditions, walk, start) : []).map((stretch) =>
    selectPart(conditions, walk, limit, stretch),
  );
  const [only = selectPart(conditions, walk, limit), rest] = parts;
  // Only the rows of the page become JSON. A union of two stretches is read in their order.
  const page =
    rest === undefined
      ? `(${only}) c order by ${order(walk)}`
      : `(select 0 as part, a.* from (${only}) a union all select 1, b.* from (${rest}) b) c order by part, ${order(walk)} limit ${limit}`;
  return { sql: `select ${composeColumns()} from ${page}`, parameters: conditions.parameters };
}

function selectPart(conditions: Conditions, walk: Walk, limit: string, stretch?: string): string {
  return `select c.* from compose c ${conditions.where(...(stretch === undefined ? [] : [stretch]))} order by ${order(walk)} limit ${limit}`;
}

function order({ field, ascending }: Walk): string {
  const direction = ascending ? 'asc' : 'desc';
  return field === 'ID' ? `c.id ${direction}` : `${COLUMN[field]} ${direction}, c.id ${direction}`;
}

/** The one or two stretches of rows that come after the key. */
function stretches(conditions: Conditions, { field, ascending }: Walk, key: PageKey): string[] {
  const column = COLUMN[field];
  const compare = ascending ? '>' : '<';
  const id = `${conditions.parameter(validId(key.id) ?? '0')}::bigint`;
  if (field === 'ID') return [`c.id ${compare} ${id}`];
  const nullable = field === 'DONE_AT' || field === 'REMOVED_AT';
  if (key.value === null) {
    const nulls = `${column} is null and c.id ${compare} ${id}`;
    return ascending ? [nulls] : [nulls, `${column} is not null`];
  }
  const values = `(${column}, c.id) ${compare} (${conditions.parameter(key.value)}::timestamptz, ${id})`;
  return ascending && nullable ? [values, `${column} is null`] : [values];
}
