// The input of createCompose and composePlan. compose/validate-request.ts validates it.

import { Field, InputType, Int } from 'type-graphql';
import type * as input from '../../compose/input.ts';
import type { ComposeFlag, ComposeResult, ComposeType, MultilibMethod } from '../../compose/vocabulary.ts';
import type { ComposeSourceInput } from '../../compose/sources/descriptors.ts';
import { ComposeSourceInputType } from '../types/sources.ts';
import { ComposeFlagEnum, ComposeResultEnum, ComposeTypeEnum, MultilibMethodEnum } from '../types/enums.ts';
import { IDEMPOTENCY_KEY } from './idempotency-key.ts';

const optional = { nullable: true } as const;

@InputType('CreateComposeInput', {
  description:
    'A request for a compose. Names are at most 255 characters and lists at most 1,000 items, unless a field says otherwise.',
})
export class CreateComposeInput implements input.CreateComposeInput {
  @Field(() => ComposeSourceInputType, { description: 'Where the packages come from.' })
  source: ComposeSourceInput;

  @Field(() => String, { ...optional, description: IDEMPOTENCY_KEY })
  idempotencyKey?: string | null;

  @Field(() => Int, {
    ...optional,
    description:
      'How long to keep the results once the compose is DONE or FAILED, in seconds, at least 1. Values above `About.maxSecondsToLive` are reduced to it. Default: `About.defaultSecondsToLive`.',
  })
  secondsToLive?: number | null;

  @Field(() => [ComposeFlagEnum], {
    ...optional,
    description: 'Flags that change how the compose is made. Default: none.',
  })
  flags?: ComposeFlag[] | null;

  @Field(() => [ComposeResultEnum], {
    ...optional,
    description: 'What to make of the packages; not empty. Default: `REPOSITORY`.',
  })
  results?: ComposeResult[] | null;

  @Field(() => [String], {
    ...optional,
    description: 'The arches to make repositories for; not empty. Default: all arches that the server allows.',
  })
  arches?: string[] | null;

  @Field(() => [String], {
    ...optional,
    description:
      'The ids of signing keys that packages may be signed with, in order of preference. An empty string allows unsigned packages; an empty list allows any package. Default: `About.sigkeys`.',
  })
  sigkeys?: string[] | null;

  @Field(() => [String], {
    ...optional,
    description: 'The arches, among `arches`, whose repositories also get multilib packages. Default: none.',
  })
  multilibArches?: string[] | null;

  @Field(() => [MultilibMethodEnum], {
    ...optional,
    description: 'How multilib packages are chosen. Default: none are.',
  })
  multilibMethods?: MultilibMethod[] | null;

  @Field(() => [String], {
    ...optional,
    description:
      'Lookaside repositories: their packages satisfy dependencies but are left out of the compose. Paths or http(s) URLs; `$basearch` is replaced by each arch. Default: none.',
  })
  lookasideRepos?: string[] | null;

  @Field(() => ComposeTypeEnum, {
    ...optional,
    description: 'The compose type, as productmd defines it. Default: `TEST`.',
  })
  composeType?: ComposeType | null;

  @Field(() => String, {
    ...optional,
    description:
      'The milestone label, as productmd defines it: `EA`, `DevelPhaseExit`, `InternalAlpha`, `Alpha`, `InternalSnapshot`, `Beta`, `Snapshot`, `RC`, `Update` or `SecurityFix`, then `-<number>.<number>`: `RC-1.2`. Required for `PRODUCTION`. Default: none.',
  })
  label?: string | null;

  @Field(() => String, {
    ...optional,
    description: 'The name of the target directory for the results; see `Permissions.targetDirs`. Default: `default`.',
  })
  targetDir?: string | null;

  @Field(() => [String], {
    ...optional,
    description: 'The Pungi compose ids of composes that this one is based on (parents in CTS). Default: none.',
  })
  parentPungiComposeIds?: string[] | null;

  @Field(() => String, {
    ...optional,
    description: 'The Pungi compose id of the compose that this one is a respin of. Default: none.',
  })
  respinOf?: string | null;
}
