// What createCompose would do with an input, without doing it.

import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import type { OperationContext } from '../context.ts';
import { valueOf } from '../errors.ts';
import { CreateComposeInput } from '../inputs/create-compose-input.ts';
import { ComposePlanType } from '../types/compose-plan.ts';

@Resolver()
export class ComposePlanQuery {
  @Query(() => ComposePlanType, {
    description:
      'What createCompose would do with this input, without doing it: the source is looked at and a result to share looked up, for a minute at most. Refused as createCompose refuses; BAD_USER_INPUT also where looking finds something wrong with the source, UPSTREAM_UNAVAILABLE where that may heal, RATE_LIMITED where too many are planned at a time.',
  })
  async composePlan(
    @Arg('input', () => CreateComposeInput) input: CreateComposeInput,
    @Ctx() { api, viewer }: OperationContext,
  ): Promise<ComposePlanType> {
    const { compose, source, packages, reuses, reason, queuePosition } = valueOf(await api.plan(viewer, input));
    const estimatedDoneAt = reuses
      ? reuses.state === 'DONE'
        ? api.clock.now()
        : await api.estimate(reuses, null)
      : await api.estimate(compose, queuePosition);
    return { source, packages, reuses, reason, queuePosition, estimatedDoneAt };
  }
}
