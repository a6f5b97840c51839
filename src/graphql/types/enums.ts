// The domain's closed lists as GraphQL enums. A word is spelled in compose/vocabulary.ts; here it gets its meaning.

import { registerEnumType } from 'type-graphql';
import { FAILURE_CODES } from '../../compose/failure.ts';
import {
  COMPOSE_FLAGS,
  COMPOSE_RESULTS,
  COMPOSE_STATES,
  COMPOSE_TYPES,
  EVENT_KINDS,
  MULTILIB_METHODS,
  SOURCE_TYPES,
} from '../../compose/vocabulary.ts';

type EnumOf<Word extends string> = { readonly [W in Word]: W };

function enumOf<Word extends string>(words: readonly Word[]): EnumOf<Word> {
  return Object.fromEntries(words.map((word) => [word, word])) as EnumOf<Word>;
}

function meanings<Word extends string>(
  texts: Partial<Record<Word, string>>,
): Partial<Record<Word, { description: string }>> {
  const entries = Object.entries<string | undefined>(texts).map(([word, description]) => [word, { description }]);
  return Object.fromEntries(entries) as Partial<Record<Word, { description: string }>>;
}

export const ComposeStateEnum = enumOf(COMPOSE_STATES);
registerEnumType(ComposeStateEnum, {
  name: 'ComposeState',
  description: 'Where a compose is in its life. `REMOVED` is final; `DONE` and `FAILED` end in it when they expire.',
  valuesConfig: meanings({
    WAIT: 'Accepted, and queued for a worker.',
    GENERATING: 'A worker has it, or it shares one that a worker has.',
    DONE: 'Its results are served.',
    FAILED: 'It ended with a reason (`failure`); its log is kept.',
    REMOVED: 'Its files are gone; the record stays.',
  }),
});

export const SourceTypeEnum = enumOf(SOURCE_TYPES);
registerEnumType(SourceTypeEnum, { name: 'SourceType', description: 'What a compose takes its packages from.' });

export const ComposeFlagEnum = enumOf(COMPOSE_FLAGS);
registerEnumType(ComposeFlagEnum, {
  name: 'ComposeFlag',
  valuesConfig: meanings({
    NO_DEPS: 'Only what was named: no RPM dependencies (TAG, BUILD, REPO), no module dependencies (MODULE).',
    NO_INHERITANCE: 'Only what is tagged directly in the Koji tag.',
    INCLUDE_UNPUBLISHED_PULP_REPOS: 'Pulp repositories that are not published yet are taken too.',
    IGNORE_ABSENT_PULP_REPOS: 'Content sets that Pulp does not know are left out instead of failing the compose.',
    CHECK_DEPS: 'Fail the compose when a package in it has an unsatisfied dependency.',
    INCLUDE_DONE_MODULES: 'Modules that are built but not yet released (`done` in MBS) are taken too.',
    NO_REUSE: 'Generate, even where an identical compose is there or under way.',
    USE_ONLY_COMPATIBLE_ARCH: 'Per arch, only packages built for exactly a compatible one.',
  }),
});

export const ComposeResultEnum = enumOf(COMPOSE_RESULTS);
registerEnumType(ComposeResultEnum, { name: 'ComposeResult', description: 'What is made of the packages.' });

export const ComposeTypeEnum = enumOf(COMPOSE_TYPES);
registerEnumType(ComposeTypeEnum, {
  name: 'ComposeType',
  description: "Pungi's compose type; PRODUCTION needs a label.",
});

export const MultilibMethodEnum = enumOf(MULTILIB_METHODS);
registerEnumType(MultilibMethodEnum, {
  name: 'MultilibMethod',
  description: 'Which packages of the other word size go along.',
});

export const FailureCodeEnum = enumOf(FAILURE_CODES);
registerEnumType(FailureCodeEnum, {
  name: 'FailureCode',
  description: 'What made a compose fail, in a closed list, so that a script can decide what to do.',
  valuesConfig: meanings({
    INVALID_SOURCE: 'The request could never work as it is (unknown tag, missing package, invalid raw config).',
    MISSING_PACKAGES: 'Packages that were asked for by name are not in the source.',
    UNSATISFIED_DEPENDENCIES: 'With CHECK_DEPS: a package needs something that is not there.',
    UNSIGNED_PACKAGES: 'A package is not signed with any of the keys asked for.',
    UPSTREAM_UNAVAILABLE: 'A service that the compose needs did not answer (Koji, MBS, Pulp, git).',
    ENGINE_FAILED: 'The generating tool ended with an error.',
    TIMED_OUT: 'It took, or waited for, longer than it may.',
    CANCELED: 'Somebody canceled it.',
    WORKER_LOST: 'The worker that generated it was lost more often than it may be retried.',
    STORAGE: 'The results could not be stored.',
    INTERNAL: "A mistake of the service's own.",
  }),
});

export const ComposeEventKindEnum = enumOf(EVENT_KINDS);
registerEnumType(ComposeEventKindEnum, {
  name: 'ComposeEventKind',
  description: 'What kind of thing happened.',
  valuesConfig: meanings({
    SNAPSHOT: 'Nothing happened: the compose as it is when a client begins to watch.',
    PROGRESSED: 'Generating went on; not stored.',
    CANCEL_REQUESTED: 'Somebody asked for an end; its engine is being stopped.',
    SHARING_CHANGED: 'It shares the result of another compose than before: the one it shared was not finished.',
    RENEWED: 'It is kept for longer.',
  }),
});

export const ComposeOrderFieldEnum = enumOf(['ID', 'SUBMITTED_AT', 'DONE_AT', 'REMOVED_AT', 'EXPIRES_AT']);
registerEnumType(ComposeOrderFieldEnum, {
  name: 'ComposeOrderField',
  description: 'What a list is ordered by; ties by id.',
});

export const OrderDirectionEnum = enumOf(['ASC', 'DESC']);
registerEnumType(OrderDirectionEnum, { name: 'OrderDirection' });
