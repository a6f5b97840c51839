// What createCompose is asked; compose/validate-request.ts decides what of it may be.

import { Field, InputType, Int } from 'type-graphql';
import type * as input from '../../compose/input.ts';
import type { ComposeFlag, ComposeResult, ComposeType, MultilibMethod } from '../../compose/vocabulary.ts';
import { ComposeFlagEnum, ComposeResultEnum, ComposeTypeEnum, MultilibMethodEnum } from '../types/enums.ts';
import { ComposeSourceInput } from './sources.ts';

const optional = { nullable: true } as const;

@InputType('CreateComposeInput')
export class CreateComposeInput implements input.CreateComposeInput {
  @Field(() => ComposeSourceInput)
  source: ComposeSourceInput;

  @Field(() => String, {
    ...optional,
    description:
      'At most 200 characters, per owner and mutation, kept as long as the compose. The same input again gets the same compose; another is a CONFLICT.',
  })
  idempotencyKey?: string | null;

  @Field(() => Int, {
    ...optional,
    description: 'How long the results are kept once there are any; above the maximum it is capped.',
  })
  secondsToLive?: number | null;

  @Field(() => [ComposeFlagEnum], optional)
  flags?: ComposeFlag[] | null;

  @Field(() => [ComposeResultEnum], optional)
  results?: ComposeResult[] | null;

  @Field(() => [String], optional)
  arches?: string[] | null;

  @Field(() => [String], {
    ...optional,
    description: 'In order of preference; an empty string allows unsigned packages.',
  })
  sigkeys?: string[] | null;

  @Field(() => [String], optional)
  multilibArches?: string[] | null;

  @Field(() => [MultilibMethodEnum], optional)
  multilibMethods?: MultilibMethod[] | null;

  @Field(() => [String], {
    ...optional,
    description: 'Repositories whose packages satisfy dependencies but stay out of the compose.',
  })
  lookasideRepos?: string[] | null;

  @Field(() => ComposeTypeEnum, optional)
  composeType?: ComposeType | null;

  @Field(() => String, { ...optional, description: 'e.g. `RC-1.2`; needed for PRODUCTION.' })
  label?: string | null;

  @Field(() => String, optional)
  targetDir?: string | null;

  @Field(() => [String], optional)
  parentPungiComposeIds?: string[] | null;

  @Field(() => String, optional)
  respinOf?: string | null;
}
