// The domain's closed lists as GraphQL enums. Values and their descriptions are those of compose/.

import { registerEnumType } from 'type-graphql';
import { FAILURES } from '../../compose/failure.ts';
import {
  COMPOSE_RESULT_MEANINGS,
  COMPOSE_STATE_MEANINGS,
  COMPOSE_TYPE_MEANINGS,
  EVENT_KIND_MEANINGS,
  FLAGS,
  MULTILIB_METHOD_MEANINGS,
  SOURCE_TYPES,
  wordsOf,
} from '../../compose/vocabulary.ts';

type EnumOf<Word extends string> = { readonly [W in Word]: W };

function enumOf<Word extends string>(words: readonly Word[]): EnumOf<Word> {
  return Object.fromEntries(words.map((word) => [word, word])) as EnumOf<Word>;
}

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
  const registered = enumOf(words);
  registerEnumType(registered, { name, description, valuesConfig: Object.fromEntries(values) as object });
  return registered;
}

export const ComposeStateEnum = registeredEnum(
  COMPOSE_STATE_MEANINGS,
  'ComposeState',
  'Where a compose is in its life. `REMOVED` is final; `DONE` and `FAILED` end in it when the compose expires.',
);

export const SourceTypeEnum = enumOf(SOURCE_TYPES);
registerEnumType(SourceTypeEnum, { name: 'SourceType', description: 'What a compose takes its packages from.' });

export const ComposeFlagEnum = registeredEnum(
  FLAGS,
  'ComposeFlag',
  'Options of a request. A flag that means nothing for the type of the source is refused.',
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
  'Which packages of the other word size are added to a multilib arch.',
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

export const ComposeOrderFieldEnum = enumOf(['ID', 'SUBMITTED_AT', 'DONE_AT', 'REMOVED_AT', 'EXPIRES_AT']);
registerEnumType(ComposeOrderFieldEnum, {
  name: 'ComposeOrderField',
  description: 'What a list is ordered by; ties by id.',
});

export const OrderDirectionEnum = enumOf(['ASC', 'DESC']);
registerEnumType(OrderDirectionEnum, { name: 'OrderDirection' });
