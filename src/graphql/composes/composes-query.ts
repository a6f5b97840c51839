// The query for lists of composes. Pages are read by keyset, so that any page costs the same.

import type { GraphQLResolveInfo } from 'graphql';
import { Args, ArgsType, Ctx, Field, Info, Int, Query, Resolver } from 'type-graphql';
import type { Api } from '../../app/api.ts';
import type { OperationContext } from '../context.ts';
import { ComposeFilterInput, ComposeOrderInput, filterOf } from '../inputs/compose-filter.ts';
import { AFTER } from '../page-arguments.ts';
import { composeCursor, pageKey } from '../page-cursor.ts';
import { pageSize } from '../page-size.ts';
import { selects } from '../selection.ts';
import { ComposeConnection } from '../types/connections.ts';

const NEWEST_FIRST: ComposeOrderInput = { field: 'ID', direction: 'DESC' };
const optional = { nullable: true } as const;

@ArgsType()
class ComposesArguments {
  @Field(() => ComposeFilterInput, { ...optional, description: 'Which composes. Default: all.' })
  filter?: ComposeFilterInput | null;

  @Field(() => ComposeOrderInput, { ...optional, description: 'The order. Default: newest first, by id.' })
  orderBy?: ComposeOrderInput | null;

  @Field(() => Int, {
    ...optional,
    description: 'The size of a page from the beginning, or behind `after`: 1 to 100. Not together with `last`.',
  })
  first?: number | null;

  @Field(() => String, { ...optional, description: AFTER })
  after?: string | null;

  @Field(() => Int, {
    ...optional,
    description: 'The size of a page from the end, or in front of `before`: 1 to 100. Not together with `first`.',
  })
  last?: number | null;

  @Field(() => String, {
    ...optional,
    description: 'A cursor of this list: the page ends in front of it. Default: the end of the list.',
  })
  before?: string | null;
}

@Resolver()
export class ComposesQuery {
  @Query(() => ComposeConnection, {
    description:
      'A page of the composes that match a filter: forwards with `first` and `after`, backwards with `last` and `before`. Without `first` and `last` the first 20. Items come in the same order in both directions.',
  })
  async composes(
    @Args(() => ComposesArguments) { filter, orderBy, first, last, after, before }: ComposesArguments,
    @Ctx() { api, viewer }: OperationContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ComposeConnection> {
    const { field, direction } = orderBy ?? NEWEST_FIRST;
    const query = {
      filter: filterOf(filter),
      orderBy: { field, direction },
      ...pageSize({ first, last }),
      ...(after != null && { after: pageKey(field, after, 'after') }),
      ...(before != null && { before: pageKey(field, before, 'before') }),
    };
    // Read before the page, so that a change in between is reported twice rather than never.
    const asOf = selects(info, 'asOf') ? api.cursor(await api.head()) : '';
    const { items, ...more } = await api.page(viewer, query);
    const edges = items.map((node) => ({ cursor: composeCursor(field, node), node }));
    const pageInfo = { ...more, startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null };
    return { edges, nodes: items, pageInfo, asOf, ...lazyCount(() => api.count(viewer, query.filter)) };
  }
}

function lazyCount(
  read: () => ReturnType<Api['count']>,
): Pick<ComposeConnection, 'totalCount' | 'totalCountIsEstimate'> {
  let counting: ReturnType<Api['count']> | undefined;
  const count = () => (counting ??= read());
  return {
    totalCount: async () => (await count()).count,
    totalCountIsEstimate: async () => (await count()).isEstimate,
  };
}
