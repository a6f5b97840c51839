// One compose, by id.

import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import type { Compose } from '../../compose/compose.ts';
import type { OperationContext } from '../context.ts';
import { isComposeId } from '../ids.ts';
import { ComposeObject } from '../types/compose.ts';
import { NodeType } from '../types/node.ts';

@Resolver()
export class ComposeQuery {
  @Query(() => ComposeObject, { nullable: true, description: 'Null where there is none with this id.' })
  compose(@Arg('id', () => ID) id: string, @Ctx() { loaders }: OperationContext): Promise<Compose | null> {
    return isComposeId(id) ? loaders.composes.load(id) : Promise.resolve(null);
  }

  @Query(() => NodeType, { nullable: true, description: 'The same as `compose`, for clients that refetch by id.' })
  node(@Arg('id', () => ID) id: string, @Ctx() context: OperationContext): Promise<Compose | null> {
    return this.compose(id, context);
  }
}
