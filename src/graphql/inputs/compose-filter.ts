// The filter and the order of lists of composes and events.

import { Field, ID, InputType } from 'type-graphql';
import type { ComposeFilter, ComposeOrderField } from '../../app/ports.ts';
import type { SourceType } from '../../compose/sources/descriptors.ts';
import type { ComposeState, ComposeType } from '../../compose/vocabulary.ts';
import {
  ComposeOrderFieldEnum,
  ComposeStateEnum,
  ComposeTypeEnum,
  OrderDirectionEnum,
  SourceTypeEnum,
} from '../types/enums.ts';
import { DateTime } from '../types/scalars.ts';
import { badInput } from '../errors.ts';

const optional = { nullable: true } as const;
const MAX_LIST = 1_000;

const EXACTLY = 'Compared as a whole, with case.';

@InputType('ComposeFilter', {
  description:
    'Selects composes. All conditions must hold; for a list, one of its items (at most 1,000). An empty list matches nothing; a condition that is null or left out is not applied.',
})
export class ComposeFilterInput {
  @Field(() => [ID], { ...optional, description: 'Composes with these ids.' })
  ids?: string[] | null;

  @Field(() => [String], { ...optional, description: `Composes of these owners. ${EXACTLY}` })
  owners?: string[] | null;

  @Field(() => [ComposeStateEnum], {
    ...optional,
    description:
      'Composes in these states. For events: events that lead into or out of one of these states, or happen in one.',
  })
  states?: ComposeState[] | null;

  @Field(() => [SourceTypeEnum], { ...optional, description: 'Composes with a source of these types.' })
  sourceTypes?: SourceType[] | null;

  @Field(() => String, {
    ...optional,
    description: `Composes with this source: the tag, the path or URL of the repository, the name of the raw configuration, the URL of the Pungi compose, or the builds, modules or content sets joined by blanks. ${EXACTLY}`,
  })
  source?: string | null;

  @Field(() => [ComposeTypeEnum], { ...optional, description: 'Composes of these compose types.' })
  composeTypes?: ComposeType[] | null;

  @Field(() => String, { ...optional, description: `Composes with this label. ${EXACTLY}` })
  label?: string | null;

  @Field(() => String, {
    ...optional,
    description: `The compose with this Pungi compose id. Composes that share its result are not included. ${EXACTLY}`,
  })
  pungiComposeId?: string | null;

  @Field(() => DateTime, { ...optional, description: 'Composes submitted after this time, exclusive.' })
  submittedAfter?: Date | null;

  @Field(() => DateTime, { ...optional, description: 'Composes submitted before this time, exclusive.' })
  submittedBefore?: Date | null;
}

@InputType('ComposeOrder', { description: 'The order of a list of composes.' })
export class ComposeOrderInput {
  @Field(() => ComposeOrderFieldEnum, {
    defaultValue: 'ID',
    description: 'What is compared. Composes that are equal in it are ordered by id.',
  })
  field: ComposeOrderField;

  @Field(() => OrderDirectionEnum, {
    defaultValue: 'DESC',
    description: 'Whether the smallest or the largest value is first. By default the newest compose is first.',
  })
  direction: 'ASC' | 'DESC';
}

/** Drops conditions that are null. */
export function filterOf(input: ComposeFilterInput | null | undefined): ComposeFilter {
  if (!input) return {};
  const given = Object.entries(input).filter(([, value]) => value !== null && value !== undefined);
  const tooLong = given.filter(([, value]) => Array.isArray(value) && value.length > MAX_LIST);
  if (tooLong.length > 0) {
    throw badInput(
      ...tooLong.map(([name]) => ({ path: `filter.${name}`, message: `must hold at most ${MAX_LIST} items` })),
    );
  }
  return Object.fromEntries(given);
}
