import { readFileSync } from 'node:fs';
import { isInputObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { buildApiSchema, schemaText } from '../../src/graphql/schema.ts';

const schema = buildApiSchema();

describe('the schema', () => {
  it('is the one that schema.graphql holds (else: npm run schema)', () => {
    expect(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8')).toBe(schemaText(schema));
  });

  it('takes exactly one source', () => {
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

  it('gives defaults where a client may leave things out', () => {
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
