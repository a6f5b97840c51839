// Relay's Node interface. Composes are the only nodes, so their ids carry no type name.

import { Field, ID, InterfaceType } from 'type-graphql';

@InterfaceType('Node', { description: 'An object that can be read again by its id, as Relay defines it.' })
export abstract class NodeType {
  @Field(() => ID, { description: 'The id of the object.' })
  id: string;
}
