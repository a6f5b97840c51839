// An event of a compose as clients see it. views.ts makes one for each feed signal; all subscribers share it.

import { Field, Int, ObjectType } from 'type-graphql';
import type { ComposeProgress } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import type { ComposeEventKind, ComposeState } from '../../compose/vocabulary.ts';
import { ComposeObject } from './compose.ts';
import { ComposeEventKindEnum, ComposeStateEnum } from './enums.ts';
import { DateTime, EventCursor } from './scalars.ts';

/** A compose, with its progress where that was read together with it. */
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
    'An event of a compose. Events are stored in the transaction that makes the change, and kept after the compose is removed. Kinds may be added; clients should ignore those that they do not know.',
})
export class ComposeEventType {
  @Field(() => EventCursor, { description: 'The position of the event. Pass it as `after` to continue behind it.' })
  cursor: string;

  @Field(() => Int, {
    description:
      'The number of the event within its compose: 1, 2, 3 … without a gap. `PROGRESSED` and `SNAPSHOT` are not stored and repeat the last number.',
  })
  seq: number;

  @Field(() => ComposeEventKindEnum, { description: 'What happened.' })
  kind: ComposeEventKind;

  @Field(() => DateTime, { description: 'When it happened, by the clock of the database.' })
  at: Date;

  @Field(() => ComposeStateEnum, {
    nullable: true,
    description: 'The state before the event; null for the first event, and when the event does not change the state.',
  })
  from: ComposeState | null;

  @Field(() => ComposeStateEnum, {
    nullable: true,
    description:
      'The state after the event; null when the event does not change the state. For `SNAPSHOT` it is the current state.',
  })
  to: ComposeState | null;

  @Field(() => String, { description: 'The viewer who caused the event, or `system`.' })
  by: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The reason that the viewer gave, or the name of the pin for `PINNED` and `UNPINNED`, or the step for `PROGRESSED`; null when there is none.',
  })
  reason: string | null;

  @Field(() => ComposeObject, {
    description: `The compose. For stored events \`state\`, \`stateReason\`, \`failure\`, \`attempt\`, the times and \`reuses\` are those right after
the event. All other fields, and all fields for \`SNAPSHOT\` and \`PROGRESSED\`, are current.`,
  })
  compose: Compose;
}
