// Which live operations are identical: those with the same document, operation, variables and rights of the viewer. The
// variable of the argument `after` does not count when it is used nowhere else, so that clients that resume from
// different cursors share a tail.

import { Kind, visit, type DocumentNode, type OperationDefinitionNode } from 'graphql';
import { canonicalJson } from '../compose/canonical-json.ts';

interface OperationParts {
  /** The text of the document. */
  readonly source: string;
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>> | undefined;
  readonly rights: string;
}

export function operationKey({ source, document, operation, variables, rights }: OperationParts): string {
  const own = cursorVariable(document, operation);
  const shared = Object.fromEntries(Object.entries(variables ?? {}).filter(([name]) => name !== own));
  return canonicalJson([source, operation.name?.value ?? null, shared, rights]);
}

/** The variable of the root field's argument `after`; null when the document uses it elsewhere too. */
function cursorVariable(document: DocumentNode, operation: OperationDefinitionNode): string | null {
  const [field] = operation.selectionSet.selections;
  if (field?.kind !== Kind.FIELD) return null;
  const value = field.arguments?.find((argument) => argument.name.value === 'after')?.value;
  if (value?.kind !== Kind.VARIABLE) return null;
  const name = value.name.value;
  let uses = 0;
  visit(document, {
    VariableDefinition: () => false,
    Variable: (variable) => {
      if (variable.name.value === name) uses += 1;
    },
  });
  return uses === 1 ? name : null;
}
