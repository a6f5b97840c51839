// Ends connections that have gone silent. A network that drops packets ends no connection: without this, whoever waits
// for an answer waits for hours. A slow statement is told from a lost one by asking the server, over a connection of its
// own, what the backend is doing; so nothing is ended that is at work.

import pg, { type Pool, type PoolClient } from 'pg';

export interface SilenceOptions {
  readonly url: string;
  /** How long an answer may take before the server is asked, and how long that may take. */
  readonly patienceMs: number;
}

interface Watched {
  readonly client: PoolClient;
  /** When the question was asked that has no answer yet. */
  asked: number | null;
  heard: number;
  /** In somebody's hands: what is between two statements of a transaction is not touched. */
  held: boolean;
}

type Query = (...args: unknown[]) => unknown;

const LOOK_MS = 250;
const BUSY = "select pid from pg_stat_activity where pid = any($1::int[]) and state = 'active'";

export function endSilentConnections(pool: Pool, options: SilenceOptions): void {
  const watched = new Map<PoolClient, Watched>();
  let looking: NodeJS.Timeout | null = null;
  let asking = false;

  pool.on('connect', (client) => {
    const entry: Watched = { client, asked: null, heard: performance.now(), held: false };
    watched.set(client, entry);
    const query = client.query.bind(client) as Query;
    const heard = () => {
      entry.asked = null;
      entry.heard = performance.now();
    };
    const heardBefore =
      (then: Query): Query =>
      (...args) => {
        heard();
        return then(...args);
      };
    const timed: Query = (...args) => {
      // The pool's own `query` asks by a callback; then no promise is answered.
      const callback = args.findIndex((arg) => typeof arg === 'function');
      const answer = query(...(callback < 0 ? args : args.with(callback, heardBefore(args[callback] as Query))));
      if (callback < 0 && !(answer instanceof Promise)) return answer;
      entry.asked = performance.now();
      looking ??= setInterval(look, LOOK_MS).unref();
      if (answer instanceof Promise) answer.then(heard, heard);
      return answer;
    };
    client.query = timed as typeof client.query;
  });
  pool.on('acquire', (client) => hold(client, true));
  pool.on('release', (_error, client) => hold(client, false));
  pool.on('remove', (client) => void watched.delete(client));

  function hold(client: PoolClient, held: boolean): void {
    const entry = watched.get(client);
    if (entry) entry.held = held;
  }

  function look(): void {
    const waiting = [...watched.values()].filter(({ asked }) => asked !== null);
    if (waiting.length === 0 && looking) {
      clearInterval(looking);
      looking = null;
    }
    const overdue = waiting.filter(({ asked }) => asked !== null && performance.now() - asked > options.patienceMs);
    if (asking || overdue.length === 0) return;
    asking = true;
    void endThoseLost(overdue).finally(() => {
      asking = false;
    });
  }

  async function endThoseLost(overdue: readonly Watched[]): Promise<void> {
    const questions = new Map(overdue.map((entry) => [entry, entry.asked]));
    const busy = await busyBackends(
      overdue.map(({ client }) => processId(client)),
      options,
    );
    // What was answered meanwhile is not lost.
    const open = overdue.filter((entry) => entry.asked !== null && entry.asked === questions.get(entry));
    const lost = open.filter(({ client }) => !busy.has(processId(client)));
    for (const entry of open) entry.asked = performance.now();
    if (lost.length === 0) return;
    const since = Math.min(...lost.map((entry) => questions.get(entry) ?? Number.POSITIVE_INFINITY));
    // What has been idle since before then went by the same network: the next to use it would wait in vain.
    const idle = [...watched.values()].filter(({ held, heard }) => !held && heard < since);
    for (const { client } of [...lost, ...idle]) breakOff(client);
  }
}

/** Which of these backends work on a statement; none where the server cannot be asked. */
async function busyBackends(
  pids: readonly number[],
  { url, patienceMs }: SilenceOptions,
): Promise<ReadonlySet<number>> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'odcs-silence',
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ pid: number }>(BUSY, [pids]);
    return new Set(rows.map(({ pid }) => pid));
  } catch {
    return new Set();
  } finally {
    client.end().catch(() => {});
    client.connection.stream.destroy();
  }
}

function processId(client: PoolClient): number {
  return (client as unknown as { readonly processID: number }).processID;
}

function breakOff(client: PoolClient): void {
  (client as unknown as pg.Client).connection.stream.destroy();
}
