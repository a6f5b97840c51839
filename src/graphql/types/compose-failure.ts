// Why a compose failed, as clients see it.

import { Field, ObjectType } from 'type-graphql';
import type { FailureCode } from '../../compose/failure.ts';
import { FailureCodeEnum } from './enums.ts';

@ObjectType('ComposeFailure', { simpleResolvers: true, description: 'Why a compose failed.' })
export class ComposeFailureType {
  @Field(() => FailureCodeEnum, { description: 'The kind of failure, for scripts.' })
  code: FailureCode;

  @Field(() => String, { description: 'One or more sentences for people: what failed, and what to do about it.' })
  message: string;

  @Field(() => Boolean, {
    description: 'True when the same request, unchanged, may work later. False when the request has to change first.',
  })
  retryable: boolean;

  @Field(() => String, {
    nullable: true,
    description:
      'The output of the tool that failed, the answer of the service that failed, or the whole list that `message` shortens: at most 2,000 characters. Null when there is none.',
  })
  details: string | null;
}
