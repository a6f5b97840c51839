// What answering an operation costs: an object costs 1, a leaf a tenth, and a page as much as all its items.

import { getNamedType, GraphQLError, isLeafType, type DocumentNode, type GraphQLSchema } from 'graphql';
import { getComplexity, type ComplexityEstimator } from 'graphql-query-complexity';
import { MAX_PAGE } from '../page-size.ts';

const LEAF = 0.1;

const estimate: ComplexityEstimator = ({ args, childComplexity, field }) => {
  const type = getNamedType(field.type);
  if (isLeafType(type)) return LEAF;
  if (!type.name.endsWith('Connection')) return 1 + childComplexity;
  const { first, last } = args as { readonly first?: unknown; readonly last?: unknown };
  return 1 + items(first ?? last) * childComplexity;
};

/** Sizes out of bounds are refused by the resolver, which knows the field. */
function items(size: unknown): number {
  return typeof size === 'number' && size >= 0 && size <= MAX_PAGE ? size : MAX_PAGE;
}

/** Infinite where fragments within fragments make it too large to be worked out. */
export function costOf(schema: GraphQLSchema, query: DocumentNode, variables: Readonly<Record<string, unknown>>, operationName: string | undefined): number {
  try {
    return getComplexity({ schema, query, variables: { ...variables }, ...(operationName && { operationName }), estimators: [estimate] });
  } catch (error) {
    if (error instanceof GraphQLError) return Infinity;
    throw error;
  }
}
