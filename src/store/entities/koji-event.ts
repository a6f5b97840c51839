// The canonical event of each Koji tag: composes of the tag use it until the tag changes.

import { defineEntity, p } from '@mikro-orm/core';

export const KojiEventEntity = defineEntity({
  name: 'KojiEvent',
  tableName: 'koji_event',
  properties: {
    profile: p.text().primary(),
    tag: p.text().primary(),
    inheritance: p.boolean().primary(),
    event: p.bigint('string'),
  },
});
