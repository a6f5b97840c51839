// A compose as clients see it: what its row holds. The fields that have to be looked up or worked out are in
// composes/compose-fields.ts and its neighbours.

import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import type { Compose } from '../../compose/compose.ts';
import type { FailureCode } from '../../compose/failure.ts';
import type {
  ComposeFlag,
  ComposeResult,
  ComposeState,
  ComposeType,
  MultilibMethod,
} from '../../compose/vocabulary.ts';
import {
  ComposeFlagEnum,
  ComposeResultEnum,
  ComposeStateEnum,
  ComposeTypeEnum,
  FailureCodeEnum,
  MultilibMethodEnum,
} from './enums.ts';
import { NodeType } from './node.ts';
import { DateTime } from './scalars.ts';
import { ComposeSourceUnion } from './sources.ts';

@ObjectType('ComposeFailure', { simpleResolvers: true, description: 'Why a compose failed.' })
export class ComposeFailureType {
  @Field(() => FailureCodeEnum)
  code: FailureCode;

  @Field(() => String)
  message: string;

  @Field(() => Boolean, { description: 'The same request may work later, unchanged.' })
  retryable: boolean;

  @Field(() => String, {
    nullable: true,
    description: "The engine's own errors, at most 2,000 characters, with URLs in place of server paths.",
  })
  details: string | null;
}

@ObjectType('ComposeProgress', { simpleResolvers: true, description: 'How far generating has come.' })
export class ComposeProgressType {
  @Field(() => Float, { description: '0 to 100, never falling within one attempt.' })
  percent: number;

  @Field(() => String, {
    description: 'What is being done, e.g. `RESOLVE`, `PKGSET`, `GATHER`, `CREATEREPO`, `PUBLISH`.',
  })
  phase: string;

  @Field(() => String, { nullable: true })
  message: string | null;

  @Field(() => DateTime)
  updatedAt: Date;
}

@ObjectType('Compose', {
  implements: NodeType,
  simpleResolvers: true,
  description: 'An RPM repository (or more) made on request, kept for some hours, then removed.',
})
export class ComposeObject implements NodeType {
  @Field(() => ID, { description: "Decimal; the compose's directory is `odcs-<id>`." })
  id: string;

  @Field(() => String)
  owner: string;

  @Field(() => ComposeStateEnum)
  state: ComposeState;

  @Field(() => String, { description: 'One sentence for a person, e.g. `Compose is generated successfully`.' })
  stateReason: string;

  @Field(() => ComposeFailureType, { nullable: true })
  failure: ComposeFailureType | null;

  @Field(() => ComposeSourceUnion)
  source: Compose['source'];

  @Field(() => [String])
  arches: readonly string[];

  @Field(() => [ComposeFlagEnum])
  flags: readonly ComposeFlag[];

  @Field(() => [ComposeResultEnum])
  results: readonly ComposeResult[];

  @Field(() => [String], { description: 'Empty string in the list: unsigned packages are allowed.' })
  sigkeys: readonly string[];

  @Field(() => [String])
  multilibArches: readonly string[];

  @Field(() => [MultilibMethodEnum])
  multilibMethods: readonly MultilibMethod[];

  @Field(() => [String])
  lookasideRepos: readonly string[];

  @Field(() => ComposeTypeEnum)
  composeType: ComposeType;

  @Field(() => String, { nullable: true })
  label: string | null;

  @Field(() => String)
  targetDir: string;

  @Field(() => [String])
  parentPungiComposeIds: readonly string[];

  @Field(() => String, { nullable: true, description: 'Pungi compose id of the compose that this one respins.' })
  respinOf: string | null;

  @Field(() => DateTime)
  submittedAt: Date;

  @Field(() => DateTime, { nullable: true })
  startedAt: Date | null;

  @Field(() => DateTime, { nullable: true })
  doneAt: Date | null;

  @Field(() => DateTime, { nullable: true })
  removedAt: Date | null;

  @Field(() => DateTime, { description: 'When its results go; the clock restarts when the compose is done or failed.' })
  expiresAt: Date;

  @Field(() => String, { nullable: true })
  removedBy: string | null;

  @Field(() => Int, {
    description: 'How often generating was begun; 0 while it has never been, and for one that shares.',
  })
  attempt: number;

  @Field(() => DateTime, { nullable: true })
  cancelRequestedAt: Date | null;
}
