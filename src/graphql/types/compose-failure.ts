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
      'The error output of the engine, at most 2,000 characters; URLs replace paths of the server. Null when there is none.',
  })
  details: string | null;
}
