// Chores that one process at a time does. The lock belongs to a transaction, so it cannot outlive its holder.

import type { Leadership } from '../app/ports.ts';
import type { Database } from './database.ts';

const LOCK_SPACE = 7_236_840;
const TRY_LOCK = 'select pg_try_advisory_xact_lock($1, hashtext($2)) as taken';

export function leadership(database: Database): Leadership {
  return {
    async whenLeader(chore, work) {
      return database.transaction(async (run) => {
        const [row] = await run<{ taken: boolean }>(TRY_LOCK, [LOCK_SPACE, chore]);
        if (!row?.taken) return null;
        // This transaction only waits, for as long as the chore takes.
        await run('set local idle_in_transaction_session_timeout = 0', []);
        return work();
      });
    },
  };
}
