import { readFileSync } from 'node:fs';
import {
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
  type GraphQLNamedType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { buildApiSchema, schemaText } from '../../src/graphql/schema.ts';

const schema = buildApiSchema();

type Part = readonly [name: string, description: string | null | undefined];

/** A type and everything in it that may have a description. */
function partsOf(type: GraphQLNamedType): readonly Part[] {
  const parts: Part[] = [[type.name, type.description]];
  const add = (name: string, described: { readonly description?: string | null | undefined }) =>
    parts.push([`${type.name}.${name}`, described.description]);
  if (isEnumType(type)) for (const value of type.getValues()) add(value.name, value);
  if (isInputObjectType(type)) for (const field of Object.values(type.getFields())) add(field.name, field);
  if (isObjectType(type) || isInterfaceType(type)) {
    for (const field of Object.values(type.getFields())) {
      add(field.name, field);
      for (const argument of field.args) add(`${field.name}(${argument.name})`, argument);
    }
  }
  return parts;
}

describe('buildApiSchema', () => {
  it('equals schema.graphql (otherwise run npm run schema)', () => {
    expect(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8')).toBe(schemaText(schema));
  });

  it('describes every type, field, argument, input field and enum value', () => {
    const types = Object.values(schema.getTypeMap()).filter(
      (type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type),
    );
    const undescribed = types.flatMap(partsOf).filter(([, description]) => !description?.trim());
    expect(undescribed.map(([name]) => name)).toEqual([]);
    expect(schema.description).toBeTruthy();
  });

  it('has a source input that takes exactly one source', () => {
    const type = schema.getType('ComposeSourceInput');
    expect(isInputObjectType(type) && type.isOneOf).toBe(true);
    expect(isInputObjectType(type) && Object.keys(type.getFields()).sort()).toEqual([
      'build',
      'module',
      'pulp',
      'pungiCompose',
      'rawConfig',
      'repo',
      'tag',
    ]);
  });

  it('has default values for arguments that may be left out', () => {
    const text = schemaText(schema);
    for (const part of [
      'field: ComposeOrderField! = ID',
      'direction: OrderDirection! = DESC',
      'untilDone: Boolean = false',
      'offset: Int = 0',
      'first: Int = 100',
    ]) {
      expect(text).toContain(part);
    }
  });
});
