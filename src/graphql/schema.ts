// The executable schema, built from the decorated classes. A new part of the API is one more resolver in RESOLVERS.

import 'reflect-metadata';
import {
  GraphQLInputObjectType,
  isAbstractType,
  lexicographicSortSchema,
  printSchema,
  type GraphQLSchema,
} from 'graphql';
import { buildSchemaSync, type NonEmptyArray } from 'type-graphql';
import { GRAPHQL_ERRORS } from './error-codes.ts';
import { AboutQuery } from './about/about-query.ts';
import { ChangeCompose } from './composes/change-compose.ts';
import { ComposeDiffQuery } from './composes/compose-diff.ts';
import { ComposeEventFields, ComposeEvents } from './composes/compose-events.ts';
import { ComposeFields } from './composes/compose-fields.ts';
import { ComposePackages } from './composes/compose-packages.ts';
import { ComposePlanQuery } from './composes/compose-plan.ts';
import { ComposeQuery } from './composes/compose-query.ts';
import { ComposesQuery } from './composes/composes-query.ts';
import { CreateCompose } from './composes/create-compose.ts';
import { PinCompose } from './composes/pin-compose.ts';
import { ComposeChanged } from './subscriptions/compose-changed.ts';
import { ComposeLog } from './subscriptions/compose-log.ts';
import { ComposesChanged } from './subscriptions/composes-changed.ts';
import { sourceTypeName } from './types/sources.ts';

const RESOLVERS: NonEmptyArray<Function> = [
  AboutQuery,
  ChangeCompose,
  ComposeChanged,
  ComposeDiffQuery,
  ComposeEventFields,
  ComposeEvents,
  ComposeFields,
  ComposeLog,
  ComposePackages,
  ComposePlanQuery,
  ComposeQuery,
  ComposesChanged,
  ComposesQuery,
  CreateCompose,
  PinCompose,
];

export function buildApiSchema(): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: RESOLVERS,
    validate: false,
    // type-graphql requires it for subscriptions. Ours bring their own iterators.
    pubSub: {
      publish() {},
      subscribe() {
        throw new Error('subscriptions read from the feed');
      },
    },
  });
  const sourceInput = schema.getType('ComposeSourceInput');
  if (!(sourceInput instanceof GraphQLInputObjectType)) throw new Error('ComposeSourceInput is missing');
  sourceInput.isOneOf = true;
  resolveType(schema, 'ComposeSource', sourceTypeName);
  resolveType(schema, 'Node', () => 'Compose');
  describe(schema);
  return schema;
}

/** type-graphql has no place for the descriptions of the schema and of the root types. */
function describe(schema: GraphQLSchema): void {
  const codes = Object.entries(GRAPHQL_ERRORS).map(([code, { meaning }]) => `- \`${code}\`: ${meaning}`);
  schema.description = `The API of the On Demand Compose Service. A field that answers with an error has changed nothing, except that after
UPSTREAM_UNAVAILABLE and INTERNAL_SERVER_ERROR its change may be stored. Each field of a mutation is a transaction of its own: if one
fails, the fields before it took effect, and those behind it are not executed. The \`extensions\` of an error
have \`retryable\` (true when the same operation may work later), for BAD_USER_INPUT \`fields\` (a list of \`path\` and \`message\`), for
INTERNAL_SERVER_ERROR \`incident\` (the id of its log entry), and a \`code\`:

${codes.join('\n')}`;
  for (const [type, description] of [
    [schema.getQueryType(), 'Reads. They need no permission unless the server restricts reading.'],
    [schema.getMutationType(), 'Changes. Every change is stored together with its event.'],
    [schema.getSubscriptionType(), 'Streams, over WebSocket with the protocol graphql-transport-ws.'],
  ] as const) {
    if (type) type.description = description;
  }
}

/** Synchronous, by name. type-graphql's own way awaits a promise for each object. */
function resolveType<T>(schema: GraphQLSchema, name: string, nameOf: (value: T) => string): void {
  const type = schema.getType(name);
  if (!isAbstractType(type)) throw new Error(`${name} is missing`);
  type.resolveType = (value) => nameOf(value as T);
}

export function schemaText(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}
