// A part of an engine's log.

import { Field, Int, ObjectType } from 'type-graphql';

@ObjectType('LogChunk', {
  simpleResolvers: true,
  description: 'A part of the log of an attempt: whole lines, at most 64 KiB. Only a longer line is split.',
})
export class LogChunk {
  @Field(() => Int, { description: 'Where `text` begins in the log, in bytes of UTF-8 from 0.' })
  offset: number;

  @Field(() => Int, { description: 'Where the next chunk begins, in bytes. Pass it as `offset` to resume.' })
  nextOffset: number;

  @Field(() => Int, {
    description: 'The attempt that the log belongs to, counted from 1; 0 when there was no attempt.',
  })
  attempt: number;

  @Field(() => String, { description: 'The text; empty in the last chunk. URLs replace paths of the server.' })
  text: string;

  @Field(() => Boolean, { description: 'True in the last chunk: the log is complete.' })
  end: boolean;
}
