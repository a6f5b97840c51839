// The progress of a compose's latest attempt, overwritten in place.

import { defineEntity, p } from '@mikro-orm/core';
import { instant } from './instant.ts';

export const ComposeProgressEntity = defineEntity({
  name: 'ComposeProgress',
  tableName: 'compose_progress',
  properties: {
    composeId: p.bigint('string').primary(),
    attempt: p.integer(),
    percent: p.float(),
    phase: p.text(),
    message: p.text().strictNullable(),
    updatedAt: instant(),
  },
});
