// What makes two live operations one: document, operation, variables, and the rights of the viewer. `after` is not
// part of it where nothing else uses its variable: clients that resume from different places join the same tail.

import { Kind, visit, type DocumentNode, type OperationDefinitionNode } from 'graphql';
import { canonicalJson } from '../compose/canonical-json.ts';

export interface OperationParts {
  /** The document's text; equal documents are one string. */
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

/** The variable that the root field's `after` is given by, where it is used for nothing else. */
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
