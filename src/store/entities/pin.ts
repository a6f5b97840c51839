// Named reasons to keep a compose past its expiry.

import { defineEntity, p } from '@mikro-orm/core';
import { instant } from './instant.ts';

export const PinEntity = defineEntity({
  name: 'Pin',
  tableName: 'pin',
  properties: {
    composeId: p.bigint('string').primary(),
    name: p.text().primary(),
    owner: p.text(),
    expiresAt: instant().strictNullable(),
    createdAt: instant(),
  },
});
