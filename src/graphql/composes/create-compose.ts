// Asks for a compose.

import { Arg, Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { Compose } from '../../compose/compose.ts';
import type { OperationContext } from '../context.ts';
import { valueOf } from '../errors.ts';
import { CreateComposeInput } from '../inputs/create-compose-input.ts';
import { ComposeObject } from '../types/compose.ts';

@ObjectType('CreateComposePayload', { simpleResolvers: true })
export class CreateComposePayload {
  @Field(() => ComposeObject)
  compose: Compose;

  @Field(() => Boolean, { description: 'The key was known: nothing new was made.' })
  replayed: boolean;
}

@Resolver()
export class CreateCompose {
  @Mutation(() => CreateComposePayload, {
    description: 'Accepts a request and answers at once; follow it with `composeChanged`.',
  })
  async createCompose(
    @Arg('input', () => CreateComposeInput) input: CreateComposeInput,
    @Ctx() { api, viewer }: OperationContext,
  ): Promise<CreateComposePayload> {
    return valueOf(await api.create(viewer, input));
  }
}
