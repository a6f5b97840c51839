// One process at a time does a chore: an advisory lock that PostgreSQL gives back when the transaction ends or the
// connection breaks, so that no crash can leave it taken.

import type { Leadership } from '../app/ports.ts';
import type { Database } from './database.ts';

export function createLeadership(database: Pick<Database, 'transaction'>): Leadership {
  return {
    whenLeader: (chore, work) =>
      database.transaction(async (run) => {
        const [row] = await run<{ taken: boolean }>("select pg_try_advisory_xact_lock(hashtextextended('odcs.chore.' || $1, 0)) as taken", [chore]);
        return row?.taken ? work() : null;
      }),
  };
}
