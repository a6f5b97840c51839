// The place of each unfinished compose in the queue. `rank` is its owner's virtual time when it was sent, and smaller ranks
// come first; `send` counts how often it was sent, and gives its job an id of its own each time.

import { defineEntity, p } from '@mikro-orm/core';
import type { Lane } from '../../compose/lane.ts';

export const QueueEntryEntity = defineEntity({
  name: 'QueueEntry',
  tableName: 'queue_entry',
  properties: {
    composeId: p.bigint('string').primary(),
    lane: p.text().$type<Lane>(),
    pool: p.text(),
    rank: p.integer(),
    send: p.integer(),
  },
});
