// Lists of composes: keyset pages, so that the last costs what the first does.

import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, Info, Int, Query, Resolver } from 'type-graphql';
import type { Api } from '../../app/api.ts';
import type { OperationContext } from '../context.ts';
import { ComposeFilterInput, ComposeOrderInput, filterOf } from '../inputs/compose-filter.ts';
import { composeCursor, pageKey } from '../page-cursor.ts';
import { pageSize } from '../page-size.ts';
import { selects } from '../selection.ts';
import { ComposeConnection } from '../types/connections.ts';

const NEWEST_FIRST: ComposeOrderInput = { field: 'ID', direction: 'DESC' };

@Resolver()
export class ComposesQuery {
  @Query(() => ComposeConnection, {
    description:
      'Keyset pagination, 1 to 100 at a time (20 where neither size is given), forwards with `first` and `after`, backwards with `last` and `before`.',
  })
  async composes(
    @Arg('filter', () => ComposeFilterInput, { nullable: true }) filterInput: ComposeFilterInput | null | undefined,
    @Arg('orderBy', () => ComposeOrderInput, { nullable: true }) orderInput: ComposeOrderInput | null | undefined,
    @Arg('first', () => Int, { nullable: true }) first: number | null | undefined,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Arg('last', () => Int, { nullable: true }) last: number | null | undefined,
    @Arg('before', () => String, { nullable: true }) before: string | null | undefined,
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
