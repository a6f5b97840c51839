// The mutations that set and remove pins.

import { Arg, Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { Compose } from '../../compose/compose.ts';
import type { Pin } from '../../compose/pin.ts';
import type { OperationContext } from '../context.ts';
import { valueOf } from '../errors.ts';
import { PinComposeInput, UnpinComposeInput } from '../inputs/pin-compose-input.ts';
import { ComposeObject } from '../types/compose.ts';
import { PinType } from '../types/pin.ts';

@ObjectType('PinComposePayload', { simpleResolvers: true, description: 'The answer of pinCompose.' })
class PinComposePayload {
  @Field(() => ComposeObject, { description: 'The compose, with the new pin among its `pins`.' })
  compose: Compose;

  @Field(() => PinType, { description: 'The pin that was set.' })
  pin: Pin;
}

@ObjectType('UnpinComposePayload', { simpleResolvers: true, description: 'The answer of unpinCompose.' })
class UnpinComposePayload {
  @Field(() => ComposeObject, { description: 'The compose. It can expire if no other pin keeps it.' })
  compose: Compose;
}

@Resolver()
export class PinCompose {
  @Mutation(() => PinComposePayload, {
    description: `Sets a pin, which keeps a compose beyond its expiry for as long as the pin exists. Owners may pin their own composes,
administrators any (\`FORBIDDEN\`). A compose that is FAILED, REMOVED or being removed, or has 100 pins, is a \`CONFLICT\`.
An id of no compose that the viewer may read is \`NOT_FOUND\`.`,
  })
  async pinCompose(
    @Arg('input', () => PinComposeInput, { description: 'The compose to pin, and the pin.' })
    input: PinComposeInput,
    @Ctx() { api, viewer }: OperationContext,
  ): Promise<PinComposePayload> {
    return valueOf(await api.pin(viewer, input));
  }

  @Mutation(() => UnpinComposePayload, {
    description: `Removes a pin. A compose that has expired and has no other pin is then removed within seconds. Owners may unpin their own
composes, administrators any (\`FORBIDDEN\`). A compose that the viewer may not read, and a pin that does not exist, are \`NOT_FOUND\`.`,
  })
  async unpinCompose(
    @Arg('input', () => UnpinComposeInput, { description: 'The compose to unpin, and the pin.' })
    input: UnpinComposeInput,
    @Ctx() { api, viewer }: OperationContext,
  ): Promise<UnpinComposePayload> {
    return { compose: valueOf(await api.unpin(viewer, input)) };
  }
}
