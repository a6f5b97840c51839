// What differs between two finished composes.

import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import type { OperationContext } from '../context.ts';
import { valueOf } from '../errors.ts';
import { ComposeDiffType } from '../types/package-diff.ts';

@Resolver()
export class ComposeDiffQuery {
  @Query(() => ComposeDiffType, {
    description:
      'Packages added, removed, upgraded and downgraded between two DONE composes (any other is a CONFLICT); BAD_USER_INPUT where more than 5,000 packages are in one of them only.',
  })
  async composeDiff(
    @Arg('from', () => ID) from: string,
    @Arg('to', () => ID) to: string,
    @Ctx() { api, viewer }: OperationContext,
  ): Promise<ComposeDiffType> {
    return valueOf(await api.diff(viewer, from, to));
  }
}
