// The fields of an entity with their columns, for statements that name all of them.

import { BigIntType, DateTimeType, UnderscoreNamingStrategy, type EntitySchema } from '@mikro-orm/core';

export interface EntityField<Name extends string = string> {
  readonly name: Name;
  readonly column: string;
  readonly type: 'bigint' | 'instant' | 'other';
}

const naming = new UnderscoreNamingStrategy();

/** Lazy properties are left out: a read of the whole entity does not select them. */
export function fieldsOf<Entity>(schema: EntitySchema<Entity>): readonly EntityField<keyof Entity & string>[] {
  return Object.entries<{ readonly lazy?: boolean; readonly type: unknown }>(schema.meta.properties)
    .filter(([, { lazy }]) => lazy !== true)
    .map(([name, { type }]) => ({
      name: name as keyof Entity & string,
      column: naming.propertyToColumnName(name),
      type: type === DateTimeType ? 'instant' : type instanceof BigIntType ? 'bigint' : 'other',
    }));
}
