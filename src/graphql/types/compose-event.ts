// One thing that happened to a compose, as clients see it. Made once per feed signal (views.ts), shared by all who
// see it.

import { Field, Int, ObjectType } from 'type-graphql';
import type { ComposeProgress } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import type { ComposeEventKind, ComposeState } from '../../compose/vocabulary.ts';
import { ComposeObject } from './compose.ts';
import { ComposeEventKindEnum, ComposeStateEnum } from './enums.ts';
import { DateTime, EventCursor } from './scalars.ts';

/** A compose, and its progress where whoever gives it out knows that already. */
export interface ComposeView extends Compose {
  readonly knownProgress?: ComposeProgress;
}

export interface ComposeEventView {
  readonly position: bigint;
  readonly seq: number;
  readonly kind: ComposeEventKind;
  readonly at: Date;
  readonly from: ComposeState | null;
  readonly to: ComposeState | null;
  readonly by: string;
  readonly reason: string | null;
  readonly compose: ComposeView;
}

@ObjectType('ComposeEvent', {
  simpleResolvers: true,
  description:
    'One thing that happened to a compose. `seq` counts 1, 2, 3 … per compose with no gap; PROGRESSED and SNAPSHOT repeat the last one.',
})
export class ComposeEventType {
  @Field(() => EventCursor)
  cursor: string;

  @Field(() => Int)
  seq: number;

  @Field(() => ComposeEventKindEnum)
  kind: ComposeEventKind;

  @Field(() => DateTime)
  at: Date;

  @Field(() => ComposeStateEnum, { nullable: true })
  from: ComposeState | null;

  @Field(() => ComposeStateEnum, { nullable: true })
  to: ComposeState | null;

  @Field(() => String, { description: 'Who did it: an owner, or `system`.' })
  by: string;

  @Field(() => String, { nullable: true })
  reason: string | null;

  @Field(() => ComposeObject, {
    description:
      'state, stateReason, failure, attempt, the times, expiresAt and reuses as they were right after the event; all else,\nand everything for SNAPSHOT and PROGRESSED, as it is now.',
  })
  compose: Compose;
}
