// The cost of an operation: an object costs 1, a leaf field a tenth, and a page as much as all its items.

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
/** Costs that are kept for a document. */
const KNOWN_COSTS = 100;

/** Types that need much work, or have lists without an argument for their size. */
const FIXED_COST: Readonly<Record<string, number>> = {
  ComposeDiff: 1_000,
  ComposePlan: 2_000,
  PackageChangeConnection: 500,
};

const estimate: ComplexityEstimator = ({ args, childComplexity, field }) => {
  const type = getNamedType(field.type);
  if (isLeafType(type)) return LEAF;
  const cost = FIXED_COST[type.name] ?? 1;
  if (!type.name.endsWith('Connection')) return cost + childComplexity;
  const { first, last } = args as { readonly first?: unknown; readonly last?: unknown };
  return cost + items(first ?? last) * childComplexity;
};

/** The resolver refuses sizes that are out of bounds. */
function items(size: unknown): number {
  if (size === undefined || size === null) return DEFAULT_PAGE;
  return typeof size === 'number' && size >= 0 && size <= MAX_PAGE ? size : MAX_PAGE;
}

/** Infinity when nested fragments make the computation too large. */
export function costOf(
  schema: GraphQLSchema,
  { document, costs }: PreparedDocument,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): number {
  const key = costKey(operation, variables);
  const known = costs.get(key);
  if (known !== undefined) return known;
  const cost = computeCost(schema, document, operation.name?.value, variables);
  if (costs.size < KNOWN_COSTS) costs.set(key, cost);
  return cost;
}

/** Only variables of the types Int (page sizes) and Boolean (directives) can change the cost. */
function costKey(
  { name, variableDefinitions }: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): string {
  const deciding = (variableDefinitions ?? []).flatMap(({ variable, type }) => {
    const named = type.kind === Kind.NON_NULL_TYPE ? type.type : type;
    const decides = named.kind === Kind.NAMED_TYPE && (named.name.value === 'Int' || named.name.value === 'Boolean');
    // A variable without a value has its default. Null replaces the default.
    return decides ? [Object.hasOwn(variables, variable.name.value) ? variables[variable.name.value] : 'default'] : [];
  });
  return JSON.stringify([name?.value, ...deciding]);
}

function computeCost(
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
