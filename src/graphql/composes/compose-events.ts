// The stored events of one compose, or of all that match a filter: forwards only, in the order of commits.

import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import type { FeedItem } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import type { Api } from '../../app/api.ts';
import type { OperationContext } from '../context.ts';
import { valueOf } from '../errors.ts';
import { ComposeFilterInput, filterOf } from '../inputs/compose-filter.ts';
import { AFTER_EVENT, FIRST } from '../page-arguments.ts';
import { pageSize } from '../page-size.ts';
import { ComposeEventType, type ComposeEventView } from '../types/compose-event.ts';
import { ComposeObject } from '../types/compose.ts';
import { ComposeEventConnection } from '../types/connections.ts';
import { EventCursor } from '../types/scalars.ts';
import { eventView } from '../views.ts';

@Resolver(() => ComposeEventType)
export class ComposeEventFields {
  @FieldResolver(() => EventCursor, {
    description: 'The position of the event. Pass it as `after` to continue behind it.',
  })
  cursor(@Root() event: ComposeEventView, @Ctx() { api }: OperationContext): string {
    return api.cursor(event.position);
  }
}

@Resolver(() => ComposeObject)
export class ComposeEvents {
  @FieldResolver(() => ComposeEventConnection, { description: 'The stored events of the compose, oldest first.' })
  async events(
    @Root() compose: Compose,
    @Arg('after', () => EventCursor, { nullable: true, description: AFTER_EVENT }) after: string | null | undefined,
    @Arg('first', () => Int, { nullable: true, defaultValue: 100, description: FIRST }) first: number | null,
    @Ctx() { api, loaders }: OperationContext,
  ): Promise<ComposeEventConnection> {
    const position = after == null ? 0n : valueOf(await loaders.positions.load(after));
    return readEvents(api, position, first, (query) => loaders.events.load({ composeId: compose.id, ...query }));
  }

  @Query(() => ComposeEventConnection, {
    description: 'The stored events of all composes that match the filter, in the order of commits.',
  })
  async composeEvents(
    @Arg('filter', () => ComposeFilterInput, {
      nullable: true,
      description: 'Which composes, by their current fields, and for `states` which events. Default: all.',
    })
    filter: ComposeFilterInput | null | undefined,
    @Arg('after', () => EventCursor, { nullable: true, description: AFTER_EVENT }) after: string | null | undefined,
    @Arg('first', () => Int, { nullable: true, defaultValue: 100, description: FIRST }) first: number | null,
    @Ctx() { api, viewer }: OperationContext,
  ): Promise<ComposeEventConnection> {
    const position = after == null ? 0n : valueOf(await api.position(after));
    return readEvents(api, position, first, (query) => api.events(viewer, { filter: filterOf(filter), ...query }));
  }
}

async function readEvents(
  api: Api,
  after: bigint,
  first: number | null,
  read: (query: { readonly after: bigint; readonly limit: number }) => Promise<readonly FeedItem[]>,
): Promise<ComposeEventConnection> {
  const { limit } = pageSize({ first });
  const found = await read({ after, limit: limit + 1 });
  const nodes = found.slice(0, limit).map(eventView);
  const edges = nodes.map((node) => ({ cursor: api.cursor(node.position), node }));
  const pageInfo = {
    hasNextPage: found.length > limit,
    hasPreviousPage: after > 0n,
    startCursor: edges[0]?.cursor ?? null,
    endCursor: edges.at(-1)?.cursor ?? null,
  };
  return { edges, nodes, pageInfo };
}
