// Which target directories are in the configuration of some process, by the database's clock. A directory counts as missing
// from the time at which a process notices it, so none goes missing while no process runs.

import { raw } from '@mikro-orm/postgresql';
import type { KnownTargets } from '../app/ports.ts';
import type { Em } from './em.ts';
import { TargetDirEntity } from './entities/target-dir.ts';

const NOW = 'clock_timestamp()';
/** Every process reports its directories once a minute. */
const UNKNOWN_AFTER = "clock_timestamp() - interval '10 minutes'";

export function knownTargets(em: Em): KnownTargets {
  return {
    async know(names) {
      // In the order of names: several processes lock the same rows.
      const rows = names.toSorted().map((name) => ({ name, knownAt: raw(NOW), missingSince: null }));
      await em.upsertMany(TargetDirEntity, rows);
    },
    async missingFor(seconds) {
      const unnoticed = { missingSince: null, knownAt: { $lt: raw(UNKNOWN_AFTER) } };
      await em.nativeUpdate(TargetDirEntity, unnoticed, { missingSince: raw<Date>(NOW) });
      const since = raw("clock_timestamp() - ? * interval '1 second'", [seconds]);
      const missing = await em.find(TargetDirEntity, { missingSince: { $lte: since } }, { orderBy: { name: 'asc' } });
      return missing.map(({ name }) => name);
    },
  };
}
