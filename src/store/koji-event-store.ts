// Canonical events of Koji tags. They are replaced by compare-and-set: of two processes that find a new event at once, one
// wins and the other reads again.

import type { KojiEventStore } from '../app/ports.ts';
import type { Em } from './em.ts';
import { KojiEventEntity } from './entities/koji-event.ts';

export function kojiEventStore(em: Em): KojiEventStore {
  return {
    async find(profile, tag, inheritance) {
      const known = await em.findOne(KojiEventEntity, { profile, tag, inheritance });
      return known && { profile, tag, inheritance, event: Number(known.event) };
    },
    async replace(expected, { profile, tag, inheritance, event }) {
      const key = { profile, tag, inheritance };
      if (expected) {
        const current = { ...key, event: String(expected.event) };
        return (await em.nativeUpdate(KojiEventEntity, current, { event: String(event) })) > 0;
      }
      const inserted = await em
        .getKysely()
        .insertInto('koji_event')
        .values({ ...key, event: String(event) })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return (inserted.numInsertedOrUpdatedRows ?? 0n) > 0n;
    },
  };
}
