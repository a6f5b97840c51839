// A piece of an engine's log.

import { Field, Int, ObjectType } from 'type-graphql';

@ObjectType('LogChunk', { simpleResolvers: true, description: "A piece of the engine's log, whole lines." })
export class LogChunk {
  @Field(() => Int, { description: 'Byte offset of the first byte of `text`; the next chunk starts at `nextOffset`.' })
  offset: number;

  @Field(() => Int)
  nextOffset: number;

  @Field(() => Int)
  attempt: number;

  @Field(() => String)
  text: string;

  @Field(() => Boolean, { description: 'No more will come.' })
  end: boolean;
}
