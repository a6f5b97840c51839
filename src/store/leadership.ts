// Chores that one process at a time does. The lock belongs to a transaction, so it cannot outlive its holder; and that
// transaction must give signs of life, so a holder that is frozen or cut off loses it as well. It may then do its chore
// beside another one for a moment: what chores change is safe against that by the rows' locks.

import type { Leadership } from '../app/ports.ts';
import type { Database } from './database.ts';

const LOCK_SPACE = 7_236_840;
const BEAT_MS = 1_000;
const LOST_AFTER_MS = 4_000;
const TRY_LOCK = 'select pg_try_advisory_xact_lock($1, hashtext($2)) as taken';

export function leadership(database: Database): Leadership {
  return {
    async whenLeader(chore, work) {
      return database.transaction(async (run) => {
        const [row] = await run<{ taken: boolean }>(TRY_LOCK, [LOCK_SPACE, chore]);
        if (!row?.taken) return null;
        await run(`set local idle_in_transaction_session_timeout = '${LOST_AFTER_MS}ms'`, []);
        let beating: Promise<unknown> = Promise.resolve();
        const beat = setInterval(() => {
          beating = run('select 1', []).catch(() => undefined);
        }, BEAT_MS);
        try {
          return await work();
        } finally {
          clearInterval(beat);
          await beating;
        }
      });
    },
  };
}
