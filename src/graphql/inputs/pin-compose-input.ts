// Pinning and unpinning: which compose, and by what name.

import { Field, ID, InputType, Int } from 'type-graphql';

@InputType('PinComposeInput', {
  description: 'WAIT, GENERATING or DONE; admins any, owners their own. A pin of the same name is refreshed.',
})
export class PinComposeInput {
  @Field(() => ID)
  id: string;

  @Field(() => String, { description: 'At most 100 characters.' })
  name: string;

  @Field(() => Int, { nullable: true, description: 'From now on; without it the pin stays until it is taken away.' })
  secondsToLive?: number | null;
}

@InputType('UnpinComposeInput', { description: 'Admins any, owners their own.' })
export class UnpinComposeInput {
  @Field(() => ID)
  id: string;

  @Field(() => String)
  name: string;
}
