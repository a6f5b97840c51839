// The table of composes. Its properties are the fields of `Compose`; columns that only queries use are `lazy`.

import { defineEntity, p } from '@mikro-orm/core';
import type { ComposeFailure } from '../../compose/failure.ts';
import type {
  ComposeFlag,
  ComposeResult,
  ComposeState,
  ComposeType,
  EngineName,
  MultilibMethod,
} from '../../compose/vocabulary.ts';
import { instant } from './instant.ts';
import type { ComposeSource, SourceType } from '../../compose/sources/descriptors.ts';

export const ComposeEntity = defineEntity({
  name: 'Compose',
  tableName: 'compose',
  properties: {
    id: p.bigint('string').primary().generated('always as identity'),
    owner: p.text(),
    idempotencyKey: p.text().strictNullable(),
    state: p.text().$type<ComposeState>(),
    stateReason: p.text(),
    failure: p.json<ComposeFailure>().strictNullable(),
    attempt: p.integer().default(0),
    losses: p.integer().default(0),
    workerId: p.uuid().strictNullable(),
    seq: p.integer().default(1),
    source: p.json<ComposeSource>(),
    sourceType: p.text().$type<SourceType>().generated("(source ->> 'type') stored").lazy(),
    sourceKey: p.text().lazy(),
    secondsToLive: p.integer(),
    arches: p.array(),
    flags: p.array().$type<ComposeFlag[]>(),
    results: p.array().$type<ComposeResult[]>(),
    sigkeys: p.array(),
    multilibArches: p.array(),
    multilibMethods: p.array().$type<MultilibMethod[]>(),
    lookasideRepos: p.array(),
    composeType: p.text().$type<ComposeType>(),
    label: p.text().strictNullable(),
    targetDir: p.text(),
    parentPungiComposeIds: p.array(),
    respinOf: p.text().strictNullable(),
    pungiComposeId: p.text().strictNullable(),
    pungiConfigDump: p.text().strictNullable(),
    engineName: p.text().$type<EngineName>().strictNullable(),
    submittedAt: instant(),
    startedAt: instant().strictNullable(),
    doneAt: instant().strictNullable(),
    removedAt: instant().strictNullable(),
    expiresAt: instant(),
    removedBy: p.text().strictNullable(),
    cancelRequestedAt: instant().strictNullable(),
    cancelRequestedBy: p.text().strictNullable(),
    cancelReason: p.text().strictNullable(),
    reuses: p.bigint('string').strictNullable(),
    removingAt: instant().strictNullable(),
    digest: p.text().strictNullable(),
    removalReason: p.text().strictNullable(),
    linksDue: p.boolean().default(false).lazy(),
  },
});
