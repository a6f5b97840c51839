// The tables as MikroORM would see them; nothing is read or written through them. The migrations in SQL are what makes them (triggers, partial and expression indexes
// have no other home); a test holds the two against each other.

import { defineEntity, p } from '@mikro-orm/core';
import type { ComposeSnapshot } from '../compose/compose.ts';
import type { ComposeFailure } from '../compose/failure.ts';
import type { ComposeSource } from '../compose/source.ts';

function instant() {
  return p.datetime(3);
}

const composeSchema = defineEntity({
  name: 'ComposeEntity',
  tableName: 'compose',
  properties: {
    id: p.bigint('string').primary().generated('always as identity'),
    owner: p.text(),
    idempotencyKey: p.text().nullable(),
    state: p.text(),
    stateReason: p.text(),
    failure: p.json<ComposeFailure | null>().nullable(),
    attempt: p.integer().default(0),
    losses: p.integer().default(0),
    workerId: p.uuid().nullable(),
    seq: p.integer().default(1),
    source: p.json<ComposeSource>(),
    sourceType: p.text().generated("(source ->> 'type') stored").persist(false),
    sourceKey: p.text(),
    secondsToLive: p.integer(),
    arches: p.array(),
    flags: p.array(),
    results: p.array(),
    sigkeys: p.array(),
    multilibArches: p.array(),
    multilibMethods: p.array(),
    lookasideRepos: p.array(),
    composeType: p.text(),
    label: p.text().nullable(),
    targetDir: p.text(),
    parentPungiComposeIds: p.array(),
    respinOf: p.text().nullable(),
    pungiComposeId: p.text().nullable(),
    pungiConfigDump: p.text().nullable(),
    engineName: p.text().nullable(),
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
    removalReason: p.text().nullable(),
    linksDue: p.boolean().default(false),
  },
});
export class ComposeEntity extends composeSchema.class {}
composeSchema.setClass(ComposeEntity);

const eventSchema = defineEntity({
  name: 'ComposeEventEntity',
  tableName: 'compose_event',
  properties: {
    composeId: p.bigint('string').primary(),
    seq: p.integer().primary(),
    position: p.bigint().nullable(),
    kind: p.text(),
    at: instant(),
    fromState: p.text().nullable(),
    toState: p.text().nullable(),
    by: p.text(),
    reason: p.text().nullable(),
    snapshot: p.json<ComposeSnapshot>(),
  },
});
export class ComposeEventEntity extends eventSchema.class {}
eventSchema.setClass(ComposeEventEntity);

const progressSchema = defineEntity({
  name: 'ComposeProgressEntity',
  tableName: 'compose_progress',
  properties: {
    composeId: p.bigint('string').primary(),
    attempt: p.integer(),
    percent: p.float(),
    phase: p.text(),
    message: p.text().nullable(),
    updatedAt: instant(),
  },
});
export class ComposeProgressEntity extends progressSchema.class {}
progressSchema.setClass(ComposeProgressEntity);

const packageSchema = defineEntity({
  name: 'ComposePackageEntity',
  tableName: 'compose_package',
  properties: {
    composeId: p.bigint('string').primary(),
    path: p.text().primary(),
    nevra: p.text(),
    name: p.text(),
    arch: p.text(),
    sourceNevra: p.text().nullable(),
    sigkey: p.text().nullable(),
    sizeBytes: p.bigint('number').nullable(),
    treeArch: p.text(),
    category: p.text(),
  },
});
export class ComposePackageEntity extends packageSchema.class {}
packageSchema.setClass(ComposePackageEntity);

const idempotencySchema = defineEntity({
  name: 'IdempotencyEntity',
  tableName: 'idempotency',
  properties: {
    owner: p.text().primary(),
    mutation: p.text().primary(),
    key: p.text().primary(),
    digest: p.text(),
    composeId: p.bigint('string'),
  },
});
export class IdempotencyEntity extends idempotencySchema.class {}
idempotencySchema.setClass(IdempotencyEntity);

const workerSchema = defineEntity({
  name: 'WorkerEntity',
  tableName: 'worker',
  properties: {
    id: p.uuid().primary(),
    host: p.text(),
    bootId: p.text(),
    pid: p.integer(),
    pools: p.array(),
    concurrency: p.integer().default(1),
    startedAt: instant().defaultRaw('now()'),
    refreshedAt: instant().defaultRaw('clock_timestamp()'),
  },
});
export class WorkerEntity extends workerSchema.class {}
workerSchema.setClass(WorkerEntity);

const targetDirSchema = defineEntity({
  name: 'TargetDirEntity',
  tableName: 'target_dir',
  properties: {
    name: p.text().primary(),
    knownAt: instant().defaultRaw('clock_timestamp()'),
    missingSince: instant().nullable(),
  },
});
export class TargetDirEntity extends targetDirSchema.class {}
targetDirSchema.setClass(TargetDirEntity);

const processGroupSchema = defineEntity({
  name: 'ProcessGroupEntity',
  tableName: 'process_group',
  properties: {
    composeId: p.bigint('string').primary(),
    attempt: p.integer().primary(),
    pgid: p.integer().primary(),
    startTime: p.text().primary(),
    bootId: p.text(),
    host: p.text(),
  },
});
export class ProcessGroupEntity extends processGroupSchema.class {}
processGroupSchema.setClass(ProcessGroupEntity);

export const ENTITIES = [
  ComposeEntity,
  ComposeEventEntity,
  ComposeProgressEntity,
  ComposePackageEntity,
  IdempotencyEntity,
  WorkerEntity,
  TargetDirEntity,
  ProcessGroupEntity,
];
