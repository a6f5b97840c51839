// The progress of an attempt, as clients see it.

import { Field, Float, ObjectType } from 'type-graphql';
import { DateTime } from './scalars.ts';

@ObjectType('ComposeProgress', {
  simpleResolvers: true,
  description: 'How far an attempt to generate a compose has come.',
})
export class ComposeProgressType {
  @Field(() => Float, { description: 'Percent done, 0 to 100. It never falls within one attempt.' })
  percent: number;

  @Field(() => String, {
    description:
      'The current phase: `RESOLVE`, then phases of the engine such as `PKGSET`, `GATHER` or `CREATEREPO`, then `VALIDATE` and `PUBLISH`. Clients should show values that they do not know as they are.',
  })
  phase: string;

  @Field(() => String, {
    nullable: true,
    description: 'A detail of the phase for people, such as `120 of 400 packages`; null when there is none.',
  })
  message: string | null;

  @Field(() => DateTime, { description: 'When the progress was last reported.' })
  updatedAt: Date;
}
