// Cancels what is not finished, removes what is.

import { Arg, Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { Compose } from '../../compose/compose.ts';
import type { OperationContext } from '../context.ts';
import { refusalError, valueOf } from '../errors.ts';
import { isComposeId } from '../ids.ts';
import { CancelComposeInput, RemoveComposeInput } from '../inputs/change-compose-input.ts';
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
}

function changeOf({ id, reason }: CancelComposeInput | RemoveComposeInput): { readonly id: string; readonly reason: string | null } {
  if (!isComposeId(id)) throw refusalError({ code: 'NOT_FOUND', message: `There is no compose ${id.slice(0, 40)}` });
  return { id, reason: reason ?? null };
}
