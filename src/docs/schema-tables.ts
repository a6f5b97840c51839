// The operations of the GraphQL schema, with their descriptions.

import type { GraphQLArgument, GraphQLField, GraphQLSchema } from 'graphql';
import { buildApiSchema } from '../graphql/schema.ts';
import { table } from './markdown.ts';

export function operationTables(): string {
  const schema = buildApiSchema();
  return [
    operationTable(schema, 'Queries', 'Query'),
    operationTable(schema, 'Mutations', 'Mutation'),
    operationTable(schema, 'Subscriptions', 'Subscription'),
  ].join('\n\n');
}

function operationTable(schema: GraphQLSchema, title: string, root: 'Query' | 'Mutation' | 'Subscription'): string {
  const type = schema.getType(root) as { getFields(): Record<string, GraphQLField<unknown, unknown>> };
  const rows = Object.values(type.getFields()).map((field) => [`\`${signature(field)}\``, oneLine(field.description)]);
  return `### ${title}\n\n${table(['Operation', 'Meaning'], rows)}`;
}

function signature({ name, args, type }: GraphQLField<unknown, unknown>): string {
  const list = args.map(({ name: argument, type: of }: GraphQLArgument) => `${argument}: ${String(of)}`).join(', ');
  return `${name}${list === '' ? '' : `(${list})`}: ${String(type)}`;
}

function oneLine(text: string | null | undefined): string {
  return (text ?? '').replaceAll(/\s+/g, ' ').trim();
}
