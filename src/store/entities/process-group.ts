// The process groups that engines run in, so that another process of the host can kill orphans.

import { defineEntity, p } from '@mikro-orm/core';

export const ProcessGroupEntity = defineEntity({
  name: 'ProcessGroup',
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
