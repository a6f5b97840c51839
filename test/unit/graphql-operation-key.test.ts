import { Kind, parse, type OperationDefinitionNode } from 'graphql';
import { describe, expect, it } from 'vitest';
import { operationKey } from '../../src/graphql/operation-key.ts';

function keyOf(query: string, variables: Record<string, unknown> = {}, rights = ''): string {
  const document = parse(query);
  const operation = document.definitions.find(
    (node): node is OperationDefinitionNode => node.kind === Kind.OPERATION_DEFINITION,
  );
  if (!operation) throw new Error('The document has no operation');
  return operationKey({ source: query, document, operation, variables, rights });
}

const QUERY = 'subscription ($a: EventCursor, $f: ComposeFilter) { composesChanged(after: $a, filter: $f) { seq } }';

describe('operationKey', () => {
  it('is equal for any cursor and any order of variables', () => {
    expect(keyOf(QUERY, { a: 'x', f: { owners: ['o'], label: 'l' } })).toBe(
      keyOf(QUERY, { f: { label: 'l', owners: ['o'] }, a: 'y' }),
    );
  });

  it('differs when the document, other variables or the rights differ', () => {
    expect(keyOf(QUERY, { f: { owners: ['o'] } })).not.toBe(keyOf(QUERY, { f: { owners: ['p'] } }));
    expect(keyOf(QUERY)).not.toBe(keyOf(QUERY.replace('seq', 'seq kind')));
    expect(keyOf(QUERY, {}, 'a')).not.toBe(keyOf(QUERY, {}, 'b'));
  });

  it('includes a cursor that the document uses elsewhere too', () => {
    const twice =
      'subscription ($a: EventCursor) { composesChanged(after: $a) { compose { events(after: $a) { nodes { seq } } } } }';
    expect(keyOf(twice, { a: 'x' })).not.toBe(keyOf(twice, { a: 'y' }));
  });
});
