// The packages of a compose, ordered by path. A compose that shares a result has the packages of the shared compose.

import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import type { Compose } from '../../compose/compose.ts';
import { isStorable } from '../admission/storable-text.ts';
import type { OperationContext } from '../context.ts';
import { decodeCursor, encodeCursor, NOT_A_CURSOR } from '../cursor.ts';
import { badInput } from '../errors.ts';
import { AFTER, FIRST } from '../page-arguments.ts';
import { pageSize } from '../page-size.ts';
import { ComposeObject } from '../types/compose.ts';
import { PackageConnection } from '../types/connections.ts';

@Resolver(() => ComposeObject)
export class ComposePackages {
  @FieldResolver(() => PackageConnection, {
    nullable: true,
    description: 'The binary, debug and source packages of the compose, ordered by path; null unless it is DONE.',
  })
  async packages(
    @Root() compose: Compose,
    @Arg('first', () => Int, { nullable: true, defaultValue: 100, description: FIRST }) first: number | null,
    @Arg('after', () => String, { nullable: true, description: AFTER }) after: string | null | undefined,
    @Arg('nameContains', () => String, {
      nullable: true,
      description: 'Only packages whose name contains this text, with case. Default: all.',
    })
    nameContains: string | null | undefined,
    @Ctx() { loaders }: OperationContext,
  ): Promise<PackageConnection | null> {
    const { limit } = pageSize({ first });
    const path = after == null ? null : pathOf(after);
    if (compose.state !== 'DONE') return null;
    const id = compose.reuses ?? compose.id;
    const { items, ...more } = await loaders.packages.load({
      composeId: id,
      limit,
      ...(path !== null && { after: path }),
      ...(nameContains != null && { nameContains }),
    });
    const edges = items.map((node) => ({ cursor: cursorOf(node.path), node }));
    return {
      edges,
      nodes: items,
      pageInfo: { ...more, startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null },
      totalCount: () => loaders.packageCounts.load({ composeId: id, ...(nameContains != null && { nameContains }) }),
    };
  }
}

function cursorOf(path: string): string {
  return encodeCursor(['PATH', path]);
}

function pathOf(cursor: string): string {
  const [list, path] = decodeCursor(cursor) ?? [];
  if (list === 'PATH' && typeof path === 'string' && isStorable(path)) return path;
  throw badInput({ path: 'after', message: NOT_A_CURSOR });
}
