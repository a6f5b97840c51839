// What answering an operation costs: an object costs 1, a leaf a tenth, and a page as much as all its items.

import {
  getNamedType,
  GraphQLError,
  isLeafType,
  Kind,
  type DocumentNode,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { getComplexity, type ComplexityEstimator } from 'graphql-query-complexity';
import { DEFAULT_PAGE, MAX_PAGE } from '../page-size.ts';
import type { PreparedDocument } from './documents.ts';

const LEAF = 0.1;
/** Per document. */
const KNOWN_COSTS = 100;

/** What one object costs that much work is behind, or whose lists are as long as they are. */
const DEAR: Readonly<Record<string, number>> = { ComposeDiff: 1_000, ComposePlan: 2_000 };

const estimate: ComplexityEstimator = ({ args, childComplexity, field }) => {
  const type = getNamedType(field.type);
  if (isLeafType(type)) return LEAF;
  if (!type.name.endsWith('Connection')) return (DEAR[type.name] ?? 1) + childComplexity;
  const { first, last } = args as { readonly first?: unknown; readonly last?: unknown };
  return 1 + items(first ?? last) * childComplexity;
};

/** Sizes out of bounds are refused by the resolver, which knows the field. */
function items(size: unknown): number {
  if (size === undefined || size === null) return DEFAULT_PAGE;
  return typeof size === 'number' && size >= 0 && size <= MAX_PAGE ? size : MAX_PAGE;
}

/** Infinite where fragments within fragments make it too large to be worked out. */
export function costOf(
  schema: GraphQLSchema,
  { document, costs }: PreparedDocument,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): number {
  const key = costKey(operation, variables);
  const known = costs.get(key);
  if (known !== undefined) return known;
  const cost = workOut(schema, document, operation.name?.value, variables);
  if (costs.size < KNOWN_COSTS) costs.set(key, cost);
  return cost;
}

/** Sizes of pages are integers, what is left out or not is decided by booleans; no other variable makes a difference. */
function costKey(
  { name, variableDefinitions }: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): string {
  const deciding = (variableDefinitions ?? []).flatMap(({ variable, type }) => {
    const named = type.kind === Kind.NON_NULL_TYPE ? type.type : type;
    const decides = named.kind === Kind.NAMED_TYPE && (named.name.value === 'Int' || named.name.value === 'Boolean');
    // Null is not the same as nothing: a default stands in for nothing only.
    return decides ? [Object.hasOwn(variables, variable.name.value) ? variables[variable.name.value] : 'default'] : [];
  });
  return JSON.stringify([name?.value, ...deciding]);
}

function workOut(
  schema: GraphQLSchema,
  query: DocumentNode,
  operationName: string | undefined,
  variables: Readonly<Record<string, unknown>>,
): number {
  try {
    return getComplexity({
      schema,
      query,
      variables: { ...variables },
      ...(operationName && { operationName }),
      estimators: [estimate],
    });
  } catch (error) {
    if (error instanceof GraphQLError) return Infinity;
    throw error;
  }
}
