// Composes as rows of their table, and back. Which fields there are, and the name and type of each column, is read from the
// entity.

import type { InferEntity } from '@mikro-orm/core';
import { sql, type ExpressionBuilder, type Insertable, type Updateable } from 'kysely';
import { isComposeId } from '../compose/compose-id.ts';
import type { Compose, ComposeSnapshot } from '../compose/compose.ts';
import { sourceKey } from '../compose/sources/descriptors.ts';
import type { Tables } from './em.ts';
import { ComposeEntity } from './entities/compose.ts';
import { fieldsOf, type EntityField } from './entity-fields.ts';

/** The fields of a compose in its entity. The compiler refuses an entity that lacks one, or has it with another type. */
type Fields = Pick<InferEntity<typeof ComposeEntity>, keyof Compose>;

const FIELDS = fieldsOf(ComposeEntity);
const INSTANTS: ReadonlySet<string> = new Set(FIELDS.filter(({ type }) => type === 'instant').map(({ name }) => name));

/** What `composeColumns` selects. */
export interface ComposeRow {
  readonly id: string;
  readonly reuses: string | null;
  readonly compose: Readonly<Record<string, unknown>>;
}

/**
 * Selects a whole compose of the table with the alias `c`. One JSON value takes half the time of forty columns; the two
 * bigints come beside it, because JSON numbers would round them.
 */
export function composeColumns(eb: ExpressionBuilder<Tables & { c: Tables['compose'] }, 'c'>) {
  return [
    'c.id' as const,
    'c.reuses' as const,
    sql<ComposeRow['compose']>`row_to_json(${eb.table('c')})`.as('compose'),
  ];
}

/**
 * Compiled from the entity, as MikroORM compiles its own mappers: a loop over the fields takes four times as long, and lists
 * have many rows.
 */
// oxlint-disable-next-line typescript/no-implied-eval -- the text has nothing but names of the entity
export const composeFrom: (row: ComposeRow) => Compose = new Function(
  'row',
  `const { id, reuses, compose: c } = row; return { ${FIELDS.map(propertyOf).join(', ')} };`,
) as (row: ComposeRow) => Fields;

function propertyOf({ name, column, type }: EntityField): string {
  if (type === 'bigint') return name;
  return type === 'instant' ? `${name}: c.${column} === null ? null : new Date(c.${column})` : `${name}: c.${column}`;
}

/** The columns of fields that are stored; of `source`, its key as well. */
export function columnsOf(fields: Omit<Compose, 'id'>): Insertable<Tables['compose']>;
export function columnsOf(fields: Partial<Compose>): Updateable<Tables['compose']>;
export function columnsOf(fields: Partial<Compose>): object {
  const columns: Record<string, unknown> = {};
  for (const { name, column } of FIELDS) if (name in fields) columns[column] = fields[name as keyof Compose];
  if (fields.source) columns['source_key'] = sourceKey(fields.source);
  return columns;
}

/** A snapshot from `jsonb`, where its instants are ISO strings. */
export function snapshotFrom(stored: object): ComposeSnapshot {
  const entries = Object.entries(stored).map(([name, value]) => [name, INSTANTS.has(name) ? revived(value) : value]);
  return Object.fromEntries(entries) as ComposeSnapshot;
}

function revived(value: unknown): Date | null {
  return typeof value === 'string' ? new Date(value) : null;
}

/** Null for a string that cannot be an id: a statement finds nothing then, instead of failing. */
export function validId(id: string): string | null {
  return isComposeId(id) ? id : null;
}

export function validIds(ids: readonly string[]): readonly string[] {
  return ids.filter((id) => validId(id) !== null);
}

/** For the parameters of raw statements. */
export function timestamp(date: Date): string {
  return date.toISOString();
}
