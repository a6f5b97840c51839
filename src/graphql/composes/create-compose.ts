// The mutation that requests a compose.

import { Arg, Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { Compose } from '../../compose/compose.ts';
import type { OperationContext } from '../context.ts';
import { valueOf } from '../errors.ts';
import { CreateComposeInput } from '../inputs/create-compose-input.ts';
import { ComposeObject } from '../types/compose.ts';

@ObjectType('CreateComposePayload', { simpleResolvers: true, description: 'The answer of createCompose.' })
class CreateComposePayload {
  @Field(() => ComposeObject, {
    description: 'The compose that was created, now or by an earlier request with the same key.',
  })
  compose: Compose;

  @Field(() => Boolean, { description: 'True when the idempotency key was used before, and nothing was created.' })
  replayed: boolean;
}

@Resolver()
export class CreateCompose {
  @Mutation(() => CreateComposePayload, {
    description: `Creates a compose and answers at once; subscribe to \`composeChanged\` to follow it. Only the input itself is checked:
a source that cannot be used makes the compose FAILED later, and \`composePlan\` reports it beforehand. Errors: \`BAD_USER_INPUT\` with all wrong
fields, \`FORBIDDEN\` for values that the viewer may not use, \`CONFLICT\` for an idempotency key that was used for another input,
\`RATE_LIMITED\` (retryable) when the owner has too many open composes.`,
  })
  async createCompose(
    @Arg('input', () => CreateComposeInput, { description: 'The request.' }) input: CreateComposeInput,
    @Ctx() { api, viewer }: OperationContext,
  ): Promise<CreateComposePayload> {
    return valueOf(await api.create(viewer, input));
  }
}
