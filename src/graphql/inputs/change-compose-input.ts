// The inputs of cancelCompose, removeCompose and renewCompose.

import { Field, ID, InputType, Int } from 'type-graphql';
import { IDEMPOTENCY_KEY } from './idempotency-key.ts';

const REASON = 'Why, in a sentence of at most 1,000 characters, for the events of the compose. Default: none.';

@InputType('CancelComposeInput', { description: 'The compose to cancel.' })
export class CancelComposeInput {
  @Field(() => ID, { description: 'The id of a compose that is WAIT or GENERATING.' })
  id: string;

  @Field(() => String, { nullable: true, description: REASON })
  reason?: string | null;
}

@InputType('RemoveComposeInput', { description: 'The compose to remove.' })
export class RemoveComposeInput {
  @Field(() => ID, { description: 'The id of a compose that is DONE or FAILED.' })
  id: string;

  @Field(() => String, { nullable: true, description: REASON })
  reason?: string | null;
}

@InputType('RenewComposeInput', {
  description:
    'The compose to renew, and what to change. `builds` and `modules` suit some source types only; else they are `BAD_USER_INPUT`.',
})
export class RenewComposeInput {
  @Field(() => ID, { description: 'The id of a compose that is DONE, FAILED or REMOVED.' })
  id: string;

  @Field(() => Int, {
    nullable: true,
    description:
      'How long to keep the results from now on, or from the end of a new compose on, in seconds. Never shortens the time that is left. Default and maximum: see `About`.',
  })
  secondsToLive?: number | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Other signing keys, as in `CreateComposeInput.sigkeys`. Default: those of the compose.',
  })
  sigkeys?: string[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Other builds, by NVR, for a `TAG`, `BUILD` or `RAW_CONFIG` source. Default: those of the compose.',
  })
  builds?: string[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Other modules, for a `MODULE` or `RAW_CONFIG` source. Default: those of the compose.',
  })
  modules?: string[] | null;

  @Field(() => String, { nullable: true, description: IDEMPOTENCY_KEY })
  idempotencyKey?: string | null;
}
