// The one row that says which database this is. Cursors and target directories carry its id.

import { defineEntity, p } from '@mikro-orm/core';
import { instant } from './instant.ts';

export const InstanceEntity = defineEntity({
  name: 'Instance',
  tableName: 'instance',
  properties: {
    id: p.uuid().primary().defaultRaw('gen_random_uuid()'),
    createdAt: instant().defaultRaw('now()'),
  },
});
