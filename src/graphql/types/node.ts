// Relay's Node. Composes are the only ones, so their ids need no type in them.

import { Field, ID, InterfaceType } from 'type-graphql';

@InterfaceType('Node', { description: 'Anything that has an id of its own.' })
export abstract class NodeType {
  @Field(() => ID)
  id: string;
}
