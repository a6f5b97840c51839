// What createCompose would lead to.

import { Field, Int, ObjectType } from 'type-graphql';
import type { Compose } from '../../compose/compose.ts';
import { ComposeObject } from './compose.ts';
import { PackageType } from './package.ts';
import { DateTime } from './scalars.ts';
import { ComposeSourceUnion } from './sources.ts';

@ObjectType('ComposePlan', {
  simpleResolvers: true,
  description: 'What createCompose would lead to just now. Nothing of it is stored.',
})
export class ComposePlanType {
  @Field(() => ComposeSourceUnion, { description: 'As asked, with what it resolves to.' })
  source: Compose['source'];

  @Field(() => [PackageType], {
    nullable: true,
    description:
      'Exact NEVRAs where they can be told before generating: of a result that would be shared and is done, and of what would be taken from a repository. Null otherwise, and where there are more than 5,000.',
  })
  packages: readonly PackageType[] | null;

  @Field(() => ComposeObject, {
    nullable: true,
    description: 'The compose that would be shared instead of generating.',
  })
  reuses: Compose | null;

  @Field(() => String, { description: 'Why it would be shared or generated, in one sentence for a person.' })
  reason: string;

  @Field(() => Int, {
    nullable: true,
    description:
      'At the end of the queue as it is; owners take turns, so it may be sooner. Null where nothing would be queued.',
  })
  queuePosition: number | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'From the times that composes like it took; null while there is no history.',
  })
  estimatedDoneAt: Date | null;
}
