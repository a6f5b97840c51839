// The query that describes what createCompose would do.

import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import type { OperationContext } from '../context.ts';
import { valueOf } from '../errors.ts';
import { CreateComposeInput } from '../inputs/create-compose-input.ts';
import { ComposePlanType } from '../types/compose-plan.ts';

@Resolver()
export class ComposePlanQuery {
  @Query(() => ComposePlanType, {
    description:
      'Describes what createCompose would do with an input, and stores nothing. It resolves the source and looks for a result to share, within a minute. Errors are those of createCompose; also `BAD_USER_INPUT` when the source cannot be used, `UPSTREAM_UNAVAILABLE` (retryable) when it cannot be read now, and `RATE_LIMITED` (retryable) when too many plans are made at once.',
  })
  async composePlan(
    @Arg('input', () => CreateComposeInput, { description: 'The request, as for createCompose.' })
    input: CreateComposeInput,
    @Ctx() { api, viewer }: OperationContext,
  ): Promise<ComposePlanType> {
    return valueOf(await api.plan(viewer, input));
  }
}
