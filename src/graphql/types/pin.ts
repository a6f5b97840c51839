// A pin as clients see it.

import { Field, ObjectType } from 'type-graphql';
import { DateTime } from './scalars.ts';

@ObjectType('Pin', {
  simpleResolvers: true,
  description: 'A named reason to keep a compose. While a compose has a pin it is neither removed nor expired.',
})
export class PinType {
  @Field(() => String, { description: 'The name of the pin, unique within its compose.' })
  name: string;

  @Field(() => String, { description: 'The viewer who set the pin last.' })
  owner: string;

  @Field(() => DateTime, { nullable: true, description: 'When the pin ends; null when it stays until it is unpinned.' })
  expiresAt: Date | null;

  @Field(() => DateTime, { description: 'When the pin was set first.' })
  createdAt: Date;
}
