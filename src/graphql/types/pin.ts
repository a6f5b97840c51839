// A pin as clients see it.

import { Field, ObjectType } from 'type-graphql';
import { DateTime } from './scalars.ts';

@ObjectType('Pin', { simpleResolvers: true, description: 'A named reason to keep a compose past its expiry.' })
export class PinType {
  @Field(() => String)
  name: string;

  @Field(() => String)
  owner: string;

  @Field(() => DateTime, { nullable: true, description: 'Null: until it is unpinned.' })
  expiresAt: Date | null;

  @Field(() => DateTime)
  createdAt: Date;
}
