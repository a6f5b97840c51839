// The inputs of pinCompose and unpinCompose.

import { Field, ID, InputType, Int } from 'type-graphql';

@InputType('PinComposeInput', { description: 'The compose to pin, and the pin.' })
export class PinComposeInput {
  @Field(() => ID, { description: 'The id of a compose that is WAIT, GENERATING or DONE.' })
  id: string;

  @Field(() => String, {
    description:
      'The name of the pin: 1 to 100 ASCII letters, digits, blanks and `-/_.:#+@=`. A compose has at most 100 pins. A pin of the same name gets the new owner and end.',
  })
  name: string;

  @Field(() => Int, {
    nullable: true,
    description: 'When the pin ends, in seconds from now, at least 1. Default: it stays until it is unpinned.',
  })
  secondsToLive?: number | null;
}

@InputType('UnpinComposeInput', { description: 'The compose to unpin, and the pin.' })
export class UnpinComposeInput {
  @Field(() => ID, { description: 'The id of the compose.' })
  id: string;

  @Field(() => String, { description: 'The name of the pin. An unknown name is `NOT_FOUND`.' })
  name: string;
}
