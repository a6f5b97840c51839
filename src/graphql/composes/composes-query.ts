// The query for lists of composes. Pages are read by keyset, so that any page costs the same.

import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, Info, Int, Query, Resolver } from 'type-graphql';
import type { Api } from '../../app/api.ts';
import type { OperationContext } from '../context.ts';
import { ComposeFilterInput, ComposeOrderInput, filterOf } from '../inputs/compose-filter.ts';
import { composeCursor, pageKey } from '../page-cursor.ts';
import { AFTER } from '../page-arguments.ts';
import { pageSize } from '../page-size.ts';
import { selects } from '../selection.ts';
import { ComposeConnection } from '../types/connections.ts';

const NEWEST_FIRST: ComposeOrderInput = { field: 'ID', direction: 'DESC' };

@Resolver()
export class ComposesQuery {
  @Query(() => ComposeConnection, {
    description:
      'A page of the composes that match a filter: forwards with `first` and `after`, backwards with `last` and `before`. Without `first` and `last` the first 20. Items come in the same order in both directions.',
  })
  async composes(
    @Arg('filter', () => ComposeFilterInput, { nullable: true, description: 'Which composes. Default: all.' })
    filterInput: ComposeFilterInput | null | undefined,
    @Arg('orderBy', () => ComposeOrderInput, {
      nullable: true,
      description: 'The order. Default: newest first, by id.',
    })
    orderInput: ComposeOrderInput | null | undefined,
    @Arg('first', () => Int, {
      nullable: true,
      description: 'The size of a page from the beginning, or behind `after`: 1 to 100. Not together with `last`.',
    })
    first: number | null | undefined,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after: string | null | undefined,
    @Arg('last', () => Int, {
      nullable: true,
      description: 'The size of a page from the end, or in front of `before`: 1 to 100. Not together with `first`.',
    })
    last: number | null | undefined,
    @Arg('before', () => String, {
      nullable: true,
      description: 'A cursor of this list: the page ends in front of it. Default: the end of the list.',
    })
    before: string | null | undefined,
    @Ctx() { api, viewer }: OperationContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ComposeConnection> {
    const { field, direction } = orderInput ?? NEWEST_FIRST;
    const query = {
      filter: filterOf(filterInput),
      orderBy: { field, direction },
      ...pageSize({ first, last }),
      ...(after != null && { after: pageKey(field, after, 'after') }),
      ...(before != null && { before: pageKey(field, before, 'before') }),
    };
    // Read before the page: what happens in between is told twice rather than never.
    const asOf = selects(info, 'asOf') ? api.cursors.encode(await api.events.head()) : '';
    const { items, ...more } = await api.store.page(query, viewer.mayRead);
    const edges = items.map((node) => ({ cursor: composeCursor(field, node), node }));
    const pageInfo = { ...more, startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null };
    return { edges, nodes: items, pageInfo, asOf, ...lazyCount(() => api.store.count(query.filter, viewer.mayRead)) };
  }
}

function lazyCount(
  read: () => ReturnType<Api['store']['count']>,
): Pick<ComposeConnection, 'totalCount' | 'totalCountIsEstimate'> {
  let counting: ReturnType<Api['store']['count']> | undefined;
  const count = () => (counting ??= read());
  return {
    totalCount: async () => (await count()).count,
    totalCountIsEstimate: async () => (await count()).isEstimate,
  };
}
