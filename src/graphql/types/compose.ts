// A compose as clients see it: the fields that its row holds. Fields that need another read are in
// composes/compose-fields.ts, compose-events.ts and compose-packages.ts.

import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { Compose } from '../../compose/compose.ts';
import type {
  ComposeFlag,
  ComposeResult,
  ComposeState,
  ComposeType,
  MultilibMethod,
} from '../../compose/vocabulary.ts';
import { ComposeFailureType } from './compose-failure.ts';
import { ComposeFlagEnum, ComposeResultEnum, ComposeStateEnum, ComposeTypeEnum, MultilibMethodEnum } from './enums.ts';
import { NodeType } from './node.ts';
import { DateTime } from './scalars.ts';
import { ComposeSourceUnion } from './sources.ts';

@ObjectType('Compose', {
  implements: NodeType,
  simpleResolvers: true,
  description:
    'A set of RPM repositories (for some requests also images) that is generated on request, served for some hours or days, and then removed.',
})
export class ComposeObject implements NodeType {
  @Field(() => ID, {
    description: 'The id of the compose: a positive decimal number. Its directory on the server is `odcs-<id>`.',
  })
  id: string;

  @Field(() => String, { description: 'The name of the viewer who created the compose.' })
  owner: string;

  @Field(() => ComposeStateEnum, { description: 'The state in the life of the compose.' })
  state: ComposeState;

  @Field(() => String, {
    description:
      'Why the compose is in this state, in one sentence for people. Scripts should use `state` and `failure`.',
  })
  stateReason: string;

  @Field(() => ComposeFailureType, {
    nullable: true,
    description: 'Why the compose failed; null unless it is FAILED, or was FAILED before it was REMOVED.',
  })
  failure: ComposeFailureType | null;

  @Field(() => ComposeSourceUnion, {
    description: 'Where the packages come from, as requested. Once the compose is taken, also what that resolved to.',
  })
  source: Compose['source'];

  @Field(() => [String], { description: 'The arches that repositories are made for, for example `x86_64`.' })
  arches: readonly string[];

  @Field(() => [ComposeFlagEnum], { description: 'The flags of the request.' })
  flags: readonly ComposeFlag[];

  @Field(() => [ComposeResultEnum], { description: 'What is made of the packages.' })
  results: readonly ComposeResult[];

  @Field(() => [String], {
    description:
      'The ids of the signing keys that packages may be signed with, in order of preference. An empty string among them also allows unsigned packages; an empty list allows any package.',
  })
  sigkeys: readonly string[];

  @Field(() => [String], {
    description: 'The arches whose repositories also get multilib packages; a subset of `arches`.',
  })
  multilibArches: readonly string[];

  @Field(() => [MultilibMethodEnum], { description: 'How multilib packages are chosen. Empty: there are none.' })
  multilibMethods: readonly MultilibMethod[];

  @Field(() => [String], {
    description:
      'Lookaside repositories: their packages satisfy dependencies but are not part of the compose. Paths or URLs; `$basearch` stands for the arch.',
  })
  lookasideRepos: readonly string[];

  @Field(() => ComposeTypeEnum, { description: 'The compose type, as productmd defines it.' })
  composeType: ComposeType;

  @Field(() => String, {
    nullable: true,
    description: 'The milestone label, as productmd defines it, for example `RC-1.2`; null when there is none.',
  })
  label: string | null;

  @Field(() => String, { description: 'The name of the target directory that holds the results.' })
  targetDir: string;

  @Field(() => [String], {
    description: 'The Pungi compose ids of the composes that this one is based on, as the request names them.',
  })
  parentPungiComposeIds: readonly string[];

  @Field(() => String, {
    nullable: true,
    description: 'The Pungi compose id of the compose that this one is a respin of; null when it is none.',
  })
  respinOf: string | null;

  @Field(() => DateTime, { description: 'When the request was accepted.' })
  submittedAt: Date;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When the latest attempt, or the sharing of a result, began; null before that.',
  })
  startedAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When the compose became DONE or FAILED; null before that.' })
  doneAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When the compose became REMOVED; null before that.' })
  removedAt: Date | null;

  @Field(() => DateTime, {
    description:
      'When the results are removed, unless a pin keeps them. Counted from `submittedAt` at first, and again from `doneAt` once the compose is DONE or FAILED.',
  })
  expiresAt: Date;

  @Field(() => String, {
    nullable: true,
    description: 'The viewer who removed the compose, or `system` when it expired; null before a removal begins.',
  })
  removedBy: string | null;

  @Field(() => Int, {
    description:
      'The number of attempts to generate the compose so far. 0 before the first one, and for a compose that shares the result of another.',
  })
  attempt: number;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When its cancellation was requested; null when it was not.',
  })
  cancelRequestedAt: Date | null;
}
