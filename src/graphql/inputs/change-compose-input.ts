// Cancelling, removing, renewing: which compose, and why or how.

import { Field, ID, InputType, Int } from 'type-graphql';

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

@InputType('RenewComposeInput', {
  description:
    'Extends a DONE compose; makes a fresh one of a FAILED or REMOVED one, or where sigkeys, builds or modules differ.',
})
export class RenewComposeInput {
  @Field(() => ID)
  id: string;

  @Field(() => Int, { nullable: true, description: 'From now on; never shortens what the compose has left.' })
  secondsToLive?: number | null;

  @Field(() => [String], { nullable: true })
  sigkeys?: string[] | null;

  @Field(() => [String], { nullable: true })
  builds?: string[] | null;

  @Field(() => [String], { nullable: true })
  modules?: string[] | null;

  @Field(() => String, {
    nullable: true,
    description:
      'At most 200 characters, per owner and mutation. The same input again gets the same answer; another is a CONFLICT.',
  })
  idempotencyKey?: string | null;
}
