// The queries for one compose by its id.

import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import type { Compose } from '../../compose/compose.ts';
import type { OperationContext } from '../context.ts';
import { ComposeObject } from '../types/compose.ts';
import { NodeType } from '../types/node.ts';

@Resolver()
export class ComposeQuery {
  @Query(() => ComposeObject, { nullable: true, description: 'The compose with an id; null when there is none.' })
  compose(
    @Arg('id', () => ID, { description: 'The id of the compose.' }) id: string,
    @Ctx() { loaders }: OperationContext,
  ): Promise<Compose | null> {
    return loaders.composes.load(id);
  }

  @Query(() => NodeType, {
    nullable: true,
    description: 'The object with an id, as Relay defines it: the same as `compose`. Null when there is none.',
  })
  node(
    @Arg('id', () => ID, { description: 'The id of the compose.' }) id: string,
    @Ctx() context: OperationContext,
  ): Promise<Compose | null> {
    return this.compose(id, context);
  }
}
