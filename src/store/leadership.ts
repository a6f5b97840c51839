// Leaders of chores. A process locks all chores that it leads on one session of its own, so that chores do not take
// connections from the pool that they work with. The locks end with the session: a process that is frozen or cut off loses
// them within seconds. It may then run a chore beside the new leader for a moment; row locks keep that harmless.

import type { Leadership } from '../app/ports.ts';
import { Session } from './session.ts';

const LOCK_SPACE = 7_236_840;
const TRY_LOCK = 'select pg_try_advisory_lock($1, hashtext($2)) as done';
const UNLOCK = 'select pg_advisory_unlock($1, hashtext($2)) as done';

export function leadership({
  url,
  applicationName = 'odcs-leadership',
}: {
  readonly url: string;
  readonly applicationName?: string;
}): Leadership & { stop(): Promise<void> } {
  // The server drops a session without heartbeats after 4 s.
  const settings = ['idle_session_timeout=4s'];
  const session = new Session({ url, applicationName, settings, heartbeatMs: 1_000 });
  // A session gets a lock that it has already.
  const led = new Set<string>();

  async function ask(sql: string, chore: string): Promise<boolean> {
    const { rows } = await session.query<{ done: boolean }>(sql, [LOCK_SPACE, chore]);
    return rows[0]?.done ?? false;
  }

  async function lead<T>(chore: string, work: () => Promise<T>): Promise<T | null> {
    if (!(await ask(TRY_LOCK, chore))) return null;
    try {
      return await work();
    } finally {
      await unlock(chore);
    }
  }

  async function unlock(chore: string): Promise<void> {
    if (!(await ask(UNLOCK, chore))) throw new Error('Connection terminated while this process led the chore');
  }

  return {
    async whenLeader(chore, work) {
      if (led.has(chore)) return null;
      led.add(chore);
      return lead(chore, work).finally(() => led.delete(chore));
    },
    async stop() {
      session.close();
    },
  };
}
