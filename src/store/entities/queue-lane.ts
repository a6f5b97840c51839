// The virtual time of the job that each lane of the queue handed over last.

import { defineEntity, p } from '@mikro-orm/core';

export const QueueLaneEntity = defineEntity({
  name: 'QueueLane',
  tableName: 'queue_lane',
  properties: {
    name: p.text().primary(),
    virtualTime: p.integer(),
  },
});
