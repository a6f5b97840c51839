// The virtual time of each owner in each lane of the queue.

import { defineEntity, p } from '@mikro-orm/core';

export const QueueOwnerEntity = defineEntity({
  name: 'QueueOwner',
  tableName: 'queue_owner',
  properties: {
    owner: p.text().primary(),
    virtualTime: p.integer(),
    lane: p.text().primary(),
  },
});
