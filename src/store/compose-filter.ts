// Conditions on composes, as expressions of Kysely: a filter, and a read policy. The table's alias is `c`.

import { sql, type Expression, type ExpressionBuilder, type SqlBool } from 'kysely';
import type { ComposeFilter } from '../app/ports.ts';
import type { ReadPolicy } from '../compose/read-policy.ts';
import type { ComposeState } from '../compose/vocabulary.ts';
import { validIds } from './compose-row.ts';
import type { Tables } from './em.ts';

/** Inside a statement that has the table of composes as `c`. */
export type OnCompose = ExpressionBuilder<Tables & { c: Tables['compose'] }, 'c'>;
export type Condition = Expression<SqlBool>;

/** The owners of a policy as a parameter: null for all. */
export type Owners = readonly string[] | null;

export function ownersOf({ owners }: ReadPolicy): Owners {
  return owners === 'ALL' ? null : owners;
}

/** For statements that are built once, for every policy. */
export function isReadableBy(eb: OnCompose, owners: Owners): Condition {
  return sql<SqlBool>`(${owners}::text[] is null or ${eb.ref('c.owner')} = any(${owners}::text[]))`;
}

/** For statements that are built for one policy. */
export function isReadable(eb: OnCompose, { owners }: ReadPolicy): Condition {
  return owners === 'ALL' ? eb.lit(true) : isOneOf(eb, 'c.owner', owners);
}

/** The owners may read compose `id`, or one that reuses it. For statements that are built once. */
export function isReadableOrReusedBy(id: Expression<string>, owners: Owners): Condition {
  return sql<SqlBool>`(${owners}::text[] is null or exists (
    select 1 from compose o where (o.id = ${id} or o.reuses = ${id}) and o.owner = any(${owners}::text[])
  ))`;
}

/** A state as a constant of the statement, so that the planner can use the indexes of some states. */
export function state(value: ComposeState): Expression<ComposeState> {
  return sql.lit(value);
}

/** The right side of an equality with one of several values. */
export function anyOf<Value extends string>(values: readonly Value[], type: 'bigint' | 'text'): Expression<Value> {
  return sql<Value>`any(${values}::${sql.raw(type)}[])`;
}

/** Every part of the filter except `states`, which mean something else for events. */
export function filterConditions(eb: OnCompose, filter: ComposeFilter): readonly Condition[] {
  const { ids, owners, source, sourceTypes, composeTypes, label, pungiComposeId } = filter;
  const { submittedAfter, submittedBefore } = filter;
  return [
    ...(ids ? [isOneOf(eb, 'c.id', validIds(ids))] : []),
    ...(owners ? [isOneOf(eb, 'c.owner', owners)] : []),
    ...(sourceTypes ? [isOneOf(eb, 'c.source_type', sourceTypes)] : []),
    ...(composeTypes ? [isOneOf(eb, 'c.compose_type', composeTypes)] : []),
    // The index has the hash, because a source may be longer than an index entry.
    ...(source === undefined
      ? []
      : [
          sql<SqlBool>`hashtextextended(${eb.ref('c.source_key')}, 0) = hashtextextended(${source}::text, 0)`,
          eb('c.source_key', '=', source),
        ]),
    ...(label === undefined ? [] : [eb('c.label', '=', label)]),
    ...(pungiComposeId === undefined ? [] : [eb('c.pungi_compose_id', '=', pungiComposeId)]),
    ...(submittedAfter ? [eb('c.submitted_at', '>', submittedAfter)] : []),
    ...(submittedBefore ? [eb('c.submitted_at', '<', submittedBefore)] : []),
  ];
}

export function stateConditions(eb: OnCompose, { states }: ComposeFilter): readonly Condition[] {
  return states ? [isOneOf(eb, 'c.state', states)] : [];
}

type TextColumn = 'c.id' | 'c.owner' | 'c.source_type' | 'c.compose_type' | 'c.state';

/** A list of one is an equality, so that an index on this column gives the order of the next one as well. */
function isOneOf(eb: OnCompose, column: TextColumn, values: readonly string[]): Condition {
  const type = column === 'c.id' ? 'bigint' : 'text';
  const [first] = values;
  if (values.length === 1) return sql<SqlBool>`${eb.ref(column)} = ${first}::${sql.raw(type)}`;
  return sql<SqlBool>`${eb.ref(column)} = ${anyOf(values, type)}`;
}

/** The ids as a table `asked` with the column `id`. */
export function unnested(ids: readonly string[]) {
  return sql<{ id: string }>`unnest(${ids}::bigint[])`.as<'asked'>(sql`asked (id)`);
}
