// The query that compares the packages of two composes.

import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import type { OperationContext } from '../context.ts';
import { valueOf } from '../errors.ts';
import { ComposeDiffType } from '../types/package-diff.ts';

@Resolver()
export class ComposeDiffQuery {
  @Query(() => ComposeDiffType, {
    description:
      'Compares the packages of two DONE composes. An unknown id is `NOT_FOUND`, a compose in another state a `CONFLICT`. More than 5,000 differences are `BAD_USER_INPUT`.',
  })
  async composeDiff(
    @Arg('from', () => ID, { description: 'The id of a DONE compose, usually the older one.' }) from: string,
    @Arg('to', () => ID, { description: 'The id of the DONE compose to compare with it.' }) to: string,
    @Ctx() { api, viewer }: OperationContext,
  ): Promise<ComposeDiffType> {
    return valueOf(await api.diff(viewer, from, to));
  }
}
