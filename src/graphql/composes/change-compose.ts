// Cancels what is not finished, removes or renews what is.

import { Arg, Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { Compose } from '../../compose/compose.ts';
import type { OperationContext } from '../context.ts';
import { valueOf } from '../errors.ts';
import { knownId } from '../ids.ts';
import { CancelComposeInput, RemoveComposeInput, RenewComposeInput } from '../inputs/change-compose-input.ts';
import { ComposeObject } from '../types/compose.ts';

@ObjectType('CancelComposePayload', { simpleResolvers: true })
export class CancelComposePayload {
  @Field(() => ComposeObject)
  compose: Compose;
}

@ObjectType('RemoveComposePayload', { simpleResolvers: true })
export class RemoveComposePayload {
  @Field(() => ComposeObject)
  compose: Compose;
}

@ObjectType('RenewComposePayload', { simpleResolvers: true })
export class RenewComposePayload {
  @Field(() => ComposeObject)
  compose: Compose;

  @Field(() => Boolean, { description: 'True where `compose` is a new one.' })
  regenerated: boolean;
}

@Resolver()
export class ChangeCompose {
  @Mutation(() => CancelComposePayload, { description: 'Ends a compose that waits or is being generated.' })
  async cancelCompose(
    @Arg('input', () => CancelComposeInput) input: CancelComposeInput,
    @Ctx() { api, viewer }: OperationContext,
  ): Promise<CancelComposePayload> {
    return { compose: valueOf(await api.cancel(viewer, changeOf(input))) };
  }

  @Mutation(() => RemoveComposePayload, { description: 'Removes the results of a compose before they expire.' })
  async removeCompose(
    @Arg('input', () => RemoveComposeInput) input: RemoveComposeInput,
    @Ctx() { api, viewer }: OperationContext,
  ): Promise<RemoveComposePayload> {
    return { compose: valueOf(await api.remove(viewer, changeOf(input))) };
  }

  @Mutation(() => RenewComposePayload, { description: 'Gives a finished compose more time, or makes it again.' })
  async renewCompose(
    @Arg('input', () => RenewComposeInput) input: RenewComposeInput,
    @Ctx() { api, viewer }: OperationContext,
  ): Promise<RenewComposePayload> {
    const { id, secondsToLive, sigkeys, builds, modules, idempotencyKey } = input;
    return valueOf(
      await api.renew(viewer, { id: knownId(id), secondsToLive, sigkeys, builds, modules, idempotencyKey }),
    );
  }
}

function changeOf({ id, reason }: CancelComposeInput | RemoveComposeInput): {
  readonly id: string;
  readonly reason: string | null;
} {
  return { id: knownId(id), reason: reason ?? null };
}
