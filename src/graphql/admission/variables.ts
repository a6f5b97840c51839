// Checks variables against their types before the operation runs, so that errors have the path of the wrong field.

import {
  coerceInputValue,
  isInputObjectType,
  isInputType,
  isNonNullType,
  Kind,
  typeFromAST,
  visit,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { FieldProblem } from '../../compose/refusal.ts';
import { isStorable, UNSTORABLE_TEXT } from './storable-text.ts';

const MAX_PROBLEMS = 50;

export function variableProblems(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  values: Readonly<Record<string, unknown>>,
): readonly FieldProblem[] {
  const problems: FieldProblem[] = [];
  for (const { variable, type: typeNode, defaultValue } of operation.variableDefinitions ?? []) {
    const name = variable.name.value;
    const type = typeFromAST(schema, typeNode);
    if (!isInputType(type)) continue;
    const given = Object.hasOwn(values, name) ? values[name] : undefined;
    const isMissing = given === undefined || given === null;
    if (isMissing && (!isNonNullType(type) || (given === undefined && defaultValue))) continue;
    if (isMissing)
      problems.push({
        path: argumentName(document, name),
        message: `must be given (variable "$${name}" of type ${String(type)})`,
      });
    else {
      const found: { readonly path: readonly (string | number)[]; readonly message: string }[] = [];
      coerceInputValue(given, type, (path, value, { message }) =>
        found.push({ path, message: explainOneOf(message, schema, value) }),
      );
      for (const path of unstorableIn(given, [])) found.push({ path, message: UNSTORABLE_TEXT });
      for (const { path, message } of found)
        problems.push({ path: [argumentName(document, name), ...path].join('.'), message });
    }
  }
  return problems.slice(0, MAX_PROBLEMS);
}

/** The message of graphql-js does not name the keys of a @oneOf input. */
function explainOneOf(message: string, schema: GraphQLSchema, value: unknown): string {
  const [, name = ''] = /^Exactly one key must be specified for OneOf type "(\w+)"/.exec(message) ?? [];
  const type = schema.getType(name);
  if (!isInputObjectType(type)) return message;
  const given = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  return `must name exactly one of ${Object.keys(type.getFields()).join(', ')}; ${given.length === 0 ? 'none is' : `${given.join(', ')} are`} given`;
}

/** The paths of texts that PostgreSQL cannot store. */
function unstorableIn(value: unknown, path: readonly string[]): readonly (readonly string[])[] {
  if (typeof value === 'string') return isStorable(value) ? [] : [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => unstorableIn(item, [...path, name]));
}

/** The path of the argument or input field that a variable is used for. */
function argumentName(document: DocumentNode, variable: string): string {
  let found: string | undefined;
  const steps: string[] = [];
  visit(document, {
    enter(node) {
      if (node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD) {
        steps.push(node.name.value);
        if (node.value.kind === Kind.VARIABLE && node.value.name.value === variable) found ??= steps.join('.');
      }
    },
    leave(node) {
      if (node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD) steps.pop();
    },
  });
  return found ?? variable;
}
