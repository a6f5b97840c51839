// Keeps composes past their expiry, and lets them go again.

import { Arg, Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { Compose } from '../../compose/compose.ts';
import type { Pin } from '../../compose/pin.ts';
import type { OperationContext } from '../context.ts';
import { valueOf } from '../errors.ts';
import { knownId } from '../ids.ts';
import { PinComposeInput, UnpinComposeInput } from '../inputs/pin-compose-input.ts';
import { ComposeObject } from '../types/compose.ts';
import { PinType } from '../types/pin.ts';

@ObjectType('PinComposePayload', { simpleResolvers: true })
export class PinComposePayload {
  @Field(() => ComposeObject)
  compose: Compose;

  @Field(() => PinType)
  pin: Pin;
}

@ObjectType('UnpinComposePayload', { simpleResolvers: true })
export class UnpinComposePayload {
  @Field(() => ComposeObject)
  compose: Compose;
}

@Resolver()
export class PinCompose {
  @Mutation(() => PinComposePayload, {
    description: 'Keeps a compose past its expiry, for as long as the pin is there.',
  })
  async pinCompose(
    @Arg('input', () => PinComposeInput) { id, name, secondsToLive }: PinComposeInput,
    @Ctx() { api, viewer }: OperationContext,
  ): Promise<PinComposePayload> {
    return valueOf(await api.pin(viewer, { id: knownId(id), name, secondsToLive }));
  }

  @Mutation(() => UnpinComposePayload, { description: 'Takes a pin away; what has expired by then is removed.' })
  async unpinCompose(
    @Arg('input', () => UnpinComposeInput) { id, name }: UnpinComposeInput,
    @Ctx() { api, viewer }: OperationContext,
  ): Promise<UnpinComposePayload> {
    return { compose: valueOf(await api.unpin(viewer, { id: knownId(id), name })) };
  }
}
