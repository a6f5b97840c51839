// The table of composes. A column that is a field of `Compose` has its name and type; the others serve queries only.

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
    idempotencyKey: p.text().nullable(),
    state: p.text().$type<ComposeState>(),
    stateReason: p.text(),
    failure: p.json<ComposeFailure>().nullable(),
    attempt: p.integer().default(0),
    losses: p.integer().default(0),
    workerId: p.uuid().nullable(),
    seq: p.integer().default(1),
    source: p.json<ComposeSource>(),
    sourceType: p.text().$type<SourceType>().generated("(source ->> 'type') stored").persist(false),
    sourceKey: p.text(),
    secondsToLive: p.integer(),
    arches: p.array(),
    flags: p.array().$type<ComposeFlag[]>(),
    results: p.array().$type<ComposeResult[]>(),
    sigkeys: p.array(),
    multilibArches: p.array(),
    multilibMethods: p.array().$type<MultilibMethod[]>(),
    lookasideRepos: p.array(),
    composeType: p.text().$type<ComposeType>(),
    label: p.text().nullable(),
    targetDir: p.text(),
    parentPungiComposeIds: p.array(),
    respinOf: p.text().nullable(),
    pungiComposeId: p.text().nullable(),
    pungiConfigDump: p.text().nullable(),
    engineName: p.text().$type<EngineName>().nullable(),
    submittedAt: instant(),
    startedAt: instant().nullable(),
    doneAt: instant().nullable(),
    removedAt: instant().nullable(),
    expiresAt: instant(),
    removedBy: p.text().nullable(),
    cancelRequestedAt: instant().nullable(),
    cancelRequestedBy: p.text().nullable(),
    cancelReason: p.text().nullable(),
    reuses: p.bigint('string').nullable(),
    removingAt: instant().nullable(),
    digest: p.text().nullable(),
    removalReason: p.text().nullable(),
    linksDue: p.boolean().default(false),
  },
});
