// Cancelling and removing: which compose, and why.

import { Field, ID, InputType } from 'type-graphql';

@InputType('CancelComposeInput', {
  description: `WAIT or GENERATING. The engine and all its children are gone before the compose turns FAILED with CANCELED. The
mutation answers when that is so, or after 10 s with the compose still GENERATING and the cancellation under way.`,
})
export class CancelComposeInput {
  @Field(() => ID)
  id: string;

  @Field(() => String, { nullable: true })
  reason?: string | null;
}

@InputType('RemoveComposeInput', { description: 'DONE or FAILED; admins any, owners their own.' })
export class RemoveComposeInput {
  @Field(() => ID)
  id: string;

  @Field(() => String, { nullable: true })
  reason?: string | null;
}
