// The mutations that change an existing compose.

import { Arg, Ctx, Field, Mutation, ObjectType, Resolver } from 'type-graphql';
import type { Compose } from '../../compose/compose.ts';
import type { OperationContext } from '../context.ts';
import { valueOf } from '../errors.ts';
import { CancelComposeInput, RemoveComposeInput, RenewComposeInput } from '../inputs/change-compose-input.ts';
import { ComposeObject } from '../types/compose.ts';

@ObjectType('CancelComposePayload', { simpleResolvers: true, description: 'The answer of cancelCompose.' })
class CancelComposePayload {
  @Field(() => ComposeObject, { description: 'The compose: FAILED, or GENERATING while its engine is being stopped.' })
  compose: Compose;
}

@ObjectType('RemoveComposePayload', { simpleResolvers: true, description: 'The answer of removeCompose.' })
class RemoveComposePayload {
  @Field(() => ComposeObject, { description: 'The compose: REMOVED, or in its old state while its files are deleted.' })
  compose: Compose;
}

@ObjectType('RenewComposePayload', { simpleResolvers: true, description: 'The answer of renewCompose.' })
class RenewComposePayload {
  @Field(() => ComposeObject, { description: 'The compose that was extended, or the new one.' })
  compose: Compose;

  @Field(() => Boolean, { description: 'True when `compose` is a new compose.' })
  regenerated: boolean;
}

@Resolver()
export class ChangeCompose {
  @Mutation(() => CancelComposePayload, {
    description: `Cancels a compose that is WAIT or GENERATING. The engine and its child processes are stopped; then the compose is FAILED with \`CANCELED\`.
Answers when that is done, or after 10 s while it goes on. Owners may cancel their own composes, administrators any (\`FORBIDDEN\`).
A compose in another state is a \`CONFLICT\`; repeating a cancellation is not. An id of no compose that the viewer may read is \`NOT_FOUND\`.`,
  })
  async cancelCompose(
    @Arg('input', () => CancelComposeInput, { description: 'The compose to cancel.' }) input: CancelComposeInput,
    @Ctx() { api, viewer }: OperationContext,
  ): Promise<CancelComposePayload> {
    return { compose: valueOf(await api.cancel(viewer, changeOf(input))) };
  }

  @Mutation(() => RemoveComposePayload, {
    description: `Removes the results of a DONE or FAILED compose before it expires. Owners may remove their own composes, administrators any (\`FORBIDDEN\`).
A compose that is WAIT or GENERATING, has a pin, or is the target of a \`latest-…\` link is a \`CONFLICT\`; repeating a removal is not.
An id of no compose that the viewer may read is \`NOT_FOUND\`.`,
  })
  async removeCompose(
    @Arg('input', () => RemoveComposeInput, { description: 'The compose to remove.' }) input: RemoveComposeInput,
    @Ctx() { api, viewer }: OperationContext,
  ): Promise<RemoveComposePayload> {
    return { compose: valueOf(await api.remove(viewer, changeOf(input))) };
  }

  @Mutation(() => RenewComposePayload, {
    description: `Keeps a DONE compose longer, with the composes that share its result. Creates a new compose for one that is FAILED or REMOVED, and when
\`sigkeys\`, \`builds\` or \`modules\` differ: from the same source at the same Koji event or commit, as a respin. Owners may renew their own
composes, administrators any (\`FORBIDDEN\`). A compose that is WAIT, GENERATING or being removed is a \`CONFLICT\`.
Further errors: \`NOT_FOUND\` for an id of no compose that the viewer may read, \`BAD_USER_INPUT\` for changes that do not suit the compose, \`FORBIDDEN\`
for values that the viewer may not use, \`RATE_LIMITED\` (retryable) when a new compose would be one too many for its owner.`,
  })
  async renewCompose(
    @Arg('input', () => RenewComposeInput, { description: 'The compose to renew, and what to change.' })
    input: RenewComposeInput,
    @Ctx() { api, viewer }: OperationContext,
  ): Promise<RenewComposePayload> {
    return valueOf(await api.renew(viewer, input));
  }
}

function changeOf({ id, reason }: CancelComposeInput | RemoveComposeInput): {
  readonly id: string;
  readonly reason: string | null;
} {
  return { id, reason: reason ?? null };
}
