// Which compose a mutation with an idempotency key led to.

import { defineEntity, p } from '@mikro-orm/core';
import type { Idempotency } from '../../app/ports.ts';

export const IdempotencyEntity = defineEntity({
  name: 'Idempotency',
  tableName: 'idempotency',
  properties: {
    owner: p.text().primary(),
    mutation: p.text().$type<Idempotency['mutation']>().primary(),
    key: p.text().primary(),
    digest: p.text(),
    composeId: p.bigint('string'),
  },
});
