// Chores that one process at a time does. All that this process leads is locked by one connection of its own, so that no
// chore takes one of those that it works with. The locks cannot outlive that connection, and it must give signs of life:
// a process that is frozen or cut off loses them. It may then do its chore beside another one for a moment: what chores
// change is safe against that by the rows' locks.

import pg from 'pg';
import type { Leadership } from '../app/ports.ts';

const LOCK_SPACE = 7_236_840;
const BEAT_MS = 1_000;
const PATIENCE_MS = 3_000;
const LOST_AFTER_MS = 4_000;
const SESSION = [
  '-c timezone=UTC',
  `-c idle_session_timeout=${LOST_AFTER_MS}ms`,
  '-c tcp_keepalives_idle=10',
  '-c tcp_keepalives_interval=3',
  '-c tcp_keepalives_count=3',
].join(' ');
const TRY_LOCK = 'select pg_try_advisory_lock($1, hashtext($2)) as taken';
const BEAT = 'select true as taken';
const UNLOCK = 'select pg_advisory_unlock($1, hashtext($2)) as taken';

export function leadership({
  url,
  applicationName = 'odcs-leadership',
}: {
  readonly url: string;
  readonly applicationName?: string;
}): Leadership & { stop(): Promise<void> } {
  // The lock is the connection's and would be given twice.
  const led = new Set<string>();
  let session: Promise<Session> | null = null;
  let stopped = false;

  function connected(): Promise<Session> {
    if (stopped) return Promise.reject(new Error('Nothing is led any more'));
    if (session) return session;
    const opening = connect(url, applicationName, () => {
      if (session === opening) session = null;
    });
    session = opening;
    return opening;
  }

  async function lead<T>(chore: string, work: () => Promise<T>): Promise<T | null> {
    const { ask } = await connected();
    if (!(await ask(TRY_LOCK, [LOCK_SPACE, chore]))) return null;
    // Fails where the connection was lost meanwhile: whoever led is to know that it did not all the time.
    try {
      return await work();
    } finally {
      await ask(UNLOCK, [LOCK_SPACE, chore]);
    }
  }

  return {
    async whenLeader(chore, work) {
      if (led.has(chore)) return null;
      led.add(chore);
      return lead(chore, work).finally(() => led.delete(chore));
    },
    async stop() {
      stopped = true;
      (await session?.catch(() => null))?.end();
    },
  };
}

interface Session {
  /** One question after the other. */
  ask(sql: string, parameters: readonly unknown[]): Promise<boolean>;
  end(): void;
}

/** A connection that gives signs of life; `onLost` is called once it can be used no more. */
async function connect(url: string, applicationName: string, onLost: () => void): Promise<Session> {
  const client = new pg.Client({
    connectionString: url,
    application_name: applicationName,
    options: SESSION,
    keepAlive: true,
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
  });
  let beat: NodeJS.Timeout | undefined;
  let isLost = false;
  let last: Promise<unknown> = Promise.resolve();

  function end(): void {
    if (isLost) return;
    isLost = true;
    clearInterval(beat);
    onLost();
    // Without waiting: one that is half open would never answer.
    client.end().catch(() => {});
    client.connection.stream.destroy();
  }
  async function query(sql: string, parameters: readonly unknown[]): Promise<boolean> {
    if (isLost) throw new Error('The connection that chores are led by was lost');
    const { rows } = await client.query<{ taken: boolean }>(sql, [...parameters]);
    return rows[0]?.taken ?? false;
  }
  function ask(sql: string, parameters: readonly unknown[]): Promise<boolean> {
    const answer = last.then(() => query(sql, parameters));
    last = answer.catch(end);
    return answer;
  }
  client.on('error', end);
  client.on('end', end);
  try {
    await client.connect();
  } catch (error) {
    end();
    throw error;
  }
  beat = setInterval(() => void ask(BEAT, []).catch(() => undefined), BEAT_MS);
  return { ask, end };
}
