// Which target directories are in the configuration of some process, by the database's clock. A directory counts as missing
// from the time at which a process notices it, so none goes missing while no process runs.

import { sql } from 'kysely';
import type { KnownTargets } from '../app/ports.ts';
import type { Em } from './em.ts';

const NOW = sql<Date>`clock_timestamp()`;
/** Every process reports its directories once a minute. */
const UNKNOWN_BEFORE = sql<Date>`clock_timestamp() - interval '10 minutes'`;

export function knownTargets(em: Em): KnownTargets {
  return {
    async know(names) {
      if (names.length === 0) return;
      await em
        .getKysely()
        .insertInto('target_dir')
        // In the order of names, because several processes lock the same rows.
        .values(names.toSorted().map((name) => ({ name })))
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ known_at: NOW, missing_since: null }))
        .execute();
    },
    async missingFor(seconds) {
      await em
        .getKysely()
        .updateTable('target_dir')
        .set({ missing_since: NOW })
        .where('missing_since', 'is', null)
        .where('known_at', '<', UNKNOWN_BEFORE)
        .execute();
      const since = sql<Date>`clock_timestamp() - ${seconds} * interval '1 second'`;
      const rows = await em
        .getKysely()
        .selectFrom('target_dir')
        .select('name')
        .where('missing_since', '<=', since)
        .orderBy('name')
        .execute();
      return rows.map(({ name }) => name);
    },
  };
}
