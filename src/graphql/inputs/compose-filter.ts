// Which composes are meant, and in which order. Conditions are joined by "and", the items of a list by "or"; an empty
// list therefore lets nothing through.

import { Field, ID, InputType } from 'type-graphql';
import type { ComposeFilter, ComposeOrderField } from '../../app/ports.ts';
import type { ComposeState, ComposeType, SourceType } from '../../compose/vocabulary.ts';
import {
  ComposeOrderFieldEnum,
  ComposeStateEnum,
  ComposeTypeEnum,
  OrderDirectionEnum,
  SourceTypeEnum,
} from '../types/enums.ts';
import { DateTime } from '../types/scalars.ts';
import { isComposeId } from '../ids.ts';
import { badInput } from '../errors.ts';

const optional = { nullable: true } as const;
const MAX_LIST = 1_000;

@InputType('ComposeFilter', {
  description: 'All conditions must hold; of a list, one item. An empty list lets nothing through.',
})
export class ComposeFilterInput {
  @Field(() => [ID], optional)
  ids?: string[] | null;

  @Field(() => [String], optional)
  owners?: string[] | null;

  @Field(() => [ComposeStateEnum], optional)
  states?: ComposeState[] | null;

  @Field(() => [SourceTypeEnum], optional)
  sourceTypes?: SourceType[] | null;

  @Field(() => String, { ...optional, description: "The tag, the repo, the raw config's name … exactly." })
  source?: string | null;

  @Field(() => [ComposeTypeEnum], optional)
  composeTypes?: ComposeType[] | null;

  @Field(() => String, optional)
  label?: string | null;

  @Field(() => String, optional)
  pungiComposeId?: string | null;

  @Field(() => DateTime, optional)
  submittedAfter?: Date | null;

  @Field(() => DateTime, optional)
  submittedBefore?: Date | null;
}

@InputType('ComposeOrder')
export class ComposeOrderInput {
  @Field(() => ComposeOrderFieldEnum, { defaultValue: 'ID' })
  field: ComposeOrderField;

  @Field(() => OrderDirectionEnum, { defaultValue: 'DESC' })
  direction: 'ASC' | 'DESC';
}

/** The filter without what was left out or null; ids that can be nobody's are dropped, since they match nothing. */
export function filterOf(input: ComposeFilterInput | null | undefined): ComposeFilter {
  if (!input) return {};
  const given = Object.entries(input).filter(([, value]) => value !== null && value !== undefined);
  const tooLong = given.filter(([, value]) => Array.isArray(value) && value.length > MAX_LIST);
  if (tooLong.length > 0) {
    throw badInput(...tooLong.map(([name]) => ({ path: `filter.${name}`, message: `At most ${MAX_LIST} items` })));
  }
  const filter = Object.fromEntries(given) as ComposeFilter;
  return filter.ids ? { ...filter, ids: filter.ids.filter(isComposeId) } : filter;
}
