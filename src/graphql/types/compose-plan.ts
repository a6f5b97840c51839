// The answer of composePlan.

import { Field, Int, ObjectType } from 'type-graphql';
import type { Compose } from '../../compose/compose.ts';
import { ComposeObject } from './compose.ts';
import { PackageType } from './package.ts';
import { DateTime } from './scalars.ts';
import { ComposeSourceUnion } from './sources.ts';

@ObjectType('ComposePlan', {
  simpleResolvers: true,
  description: 'What createCompose would do with an input at this moment. Nothing is stored.',
})
export class ComposePlanType {
  @Field(() => ComposeSourceUnion, {
    description:
      'The source as requested, with what it resolves to: the Koji event, module versions, revisions or commit.',
  })
  source: Compose['source'];

  @Field(() => [PackageType], {
    nullable: true,
    description:
      'The packages that the compose would contain. Known for a reused compose that is DONE, and for a source of type `REPO`. Null in all other cases, and for more than 5,000 packages.',
  })
  packages: readonly PackageType[] | null;

  @Field(() => ComposeObject, {
    nullable: true,
    description: 'The existing compose whose result would be shared; null when a new one would be generated.',
  })
  reuses: Compose | null;

  @Field(() => String, {
    description: 'One sentence for people: why a result would be shared, or why the compose would be generated.',
  })
  reason: string;

  @Field(() => Int, {
    nullable: true,
    description:
      'The position at the end of the current queue, counted from 1. Owners take turns, so the compose may start earlier. Null when a result would be shared.',
  })
  queuePosition: number | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When the compose would be DONE, estimated from earlier composes like it; null without such composes.',
  })
  estimatedDoneAt: Date | null;
}
