// Worker processes. A row is a lease: the worker refreshes it, and is lost when it no longer does.

import { defineEntity, p } from '@mikro-orm/core';
import { instant } from './instant.ts';

export const WorkerEntity = defineEntity({
  name: 'Worker',
  tableName: 'worker',
  properties: {
    id: p.uuid().primary(),
    host: p.text(),
    bootId: p.text(),
    pid: p.integer(),
    startedAt: instant().defaultRaw('now()'),
    refreshedAt: instant().defaultRaw('clock_timestamp()'),
    pools: p.array().default(['default']),
    concurrency: p.integer().default(1),
  },
});
