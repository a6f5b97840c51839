// The closed lists of the domain as GraphQL enums. Values and their descriptions come from compose/.

import { registerEnumType } from 'type-graphql';
import type { ComposeOrderField } from '../../app/ports.ts';
import { FAILURES } from '../../compose/failure.ts';
import { PACKAGE_CHANGE_MEANINGS } from '../../compose/package-diff.ts';
import {
  COMPOSE_RESULT_MEANINGS,
  COMPOSE_STATE_MEANINGS,
  COMPOSE_TYPE_MEANINGS,
  EVENT_KIND_MEANINGS,
  FLAGS,
  MULTILIB_METHOD_MEANINGS,
  wordsOf,
} from '../../compose/vocabulary.ts';
import { SOURCE_DESCRIPTORS } from '../../compose/sources/descriptors.ts';

type EnumOf<Word extends string> = { readonly [W in Word]: W };

/** An enum of the keys of a table, each described by its meaning there. */
function registeredEnum<Word extends string>(
  table: Readonly<Record<Word, string | { readonly meaning: string }>>,
  name: string,
  description: string,
): EnumOf<Word> {
  const words = wordsOf(table);
  const values = words.map((word) => {
    const { [word]: entry } = table;
    return [word, { description: typeof entry === 'string' ? entry : entry.meaning }];
  });
  const registered = Object.fromEntries(words.map((word) => [word, word])) as EnumOf<Word>;
  registerEnumType(registered, { name, description, valuesConfig: Object.fromEntries(values) as object });
  return registered;
}

export const ComposeStateEnum = registeredEnum(
  COMPOSE_STATE_MEANINGS,
  'ComposeState',
  'The state in the life of a compose: WAIT → GENERATING → DONE or FAILED → REMOVED. A compose returns from GENERATING to WAIT when its worker is lost or stopped.',
);

export const SourceTypeEnum = registeredEnum(
  SOURCE_DESCRIPTORS,
  'SourceType',
  'Where the packages of a compose come from.',
);

export const ComposeFlagEnum = registeredEnum(
  FLAGS,
  'ComposeFlag',
  'An option of a request. A flag that has no meaning for the type of the source is `BAD_USER_INPUT`.',
);

export const ComposeResultEnum = registeredEnum(
  COMPOSE_RESULT_MEANINGS,
  'ComposeResult',
  'What is made of the packages.',
);

export const ComposeTypeEnum = registeredEnum(
  COMPOSE_TYPE_MEANINGS,
  'ComposeType',
  'The compose type as productmd defines it. It is part of the Pungi compose id.',
);

export const MultilibMethodEnum = registeredEnum(
  MULTILIB_METHOD_MEANINGS,
  'MultilibMethod',
  'Which packages of the other word size are added to a multilib arch, as python-multilib defines it.',
);

export const FailureCodeEnum = registeredEnum(
  FAILURES,
  'FailureCode',
  'Why a compose failed, in a closed list, so that a script can decide what to do.',
);

export const ComposeEventKindEnum = registeredEnum(
  EVENT_KIND_MEANINGS,
  'ComposeEventKind',
  'What happened. More kinds may be added; a client ignores kinds that it does not know.',
);

export const PackageChangeKindEnum = registeredEnum(
  PACKAGE_CHANGE_MEANINGS,
  'PackageChangeKind',
  'How a package differs between the composes `from` and `to`.',
);

const ORDER_FIELD_MEANINGS: Readonly<Record<ComposeOrderField, string>> = {
  ID: 'By id, which is the order of creation.',
  SUBMITTED_AT: 'By `submittedAt`.',
  DONE_AT: 'By `doneAt`.',
  REMOVED_AT: 'By `removedAt`.',
  EXPIRES_AT: 'By `expiresAt`.',
};
export const ComposeOrderFieldEnum = registeredEnum(
  ORDER_FIELD_MEANINGS,
  'ComposeOrderField',
  'The field that a list is ordered by. Composes with equal values are ordered by id; those without a value count as the latest.',
);

export const OrderDirectionEnum = registeredEnum(
  { ASC: 'Smallest or earliest first.', DESC: 'Largest or latest first.' },
  'OrderDirection',
  'The direction of an order.',
);
