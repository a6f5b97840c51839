// Ends connections of the pool that have gone silent. A network that drops packets ends no connection: without this, a
// request waits for its answer for hours. The server is asked, on a connection of its own, whether a backend still works on
// its statement, so that a slow statement is not taken for a lost one.

import type pg from 'pg';
import type { Pool, PoolClient } from 'pg';
import { busyBackends, processId } from './session.ts';

export interface SilenceOptions {
  readonly url: string;
  /** How long an answer may take before the server is asked about it, and how long the server may take to answer. */
  readonly patienceMs: number;
}

interface Watched {
  readonly client: PoolClient;
  /** When the statement was sent that has no answer yet. */
  sentAt: number | null;
  answeredAt: number;
  /** Taken from the pool. A connection that is idle between two statements of a transaction is left alone. */
  taken: boolean;
}

const CHECK_MS = 250;

export function endSilentConnections(pool: Pool, options: SilenceOptions): void {
  const watch = new SilenceWatch(options);
  pool.on('connect', (client) => watch.add(client));
  pool.on('acquire', (client) => watch.setTaken(client, true));
  pool.on('release', (_error, client) => watch.setTaken(client, false));
  pool.on('remove', (client) => watch.delete(client));
}

type Query = (...args: unknown[]) => unknown;

class SilenceWatch {
  readonly #options: SilenceOptions;
  readonly #watched = new Map<PoolClient, Watched>();
  #timer: NodeJS.Timeout | null = null;
  #isAsking = false;

  constructor(options: SilenceOptions) {
    this.#options = options;
  }

  add(client: PoolClient): void {
    const entry: Watched = { client, sentAt: null, answeredAt: performance.now(), taken: false };
    this.#watched.set(client, entry);
    const query = client.query.bind(client) as Query;
    const answered = () => {
      entry.sentAt = null;
      entry.answeredAt = performance.now();
    };
    const timed: Query = (...args) => {
      // The pool's own `query` passes a callback, and then no promise is returned.
      const callback = args.findIndex((arg) => typeof arg === 'function');
      const answer = query(...(callback < 0 ? args : args.with(callback, after(args[callback] as Query, answered))));
      if (callback < 0 && !(answer instanceof Promise)) return answer;
      entry.sentAt = performance.now();
      this.#timer ??= setInterval(() => this.#check(), CHECK_MS).unref();
      if (answer instanceof Promise) answer.then(answered, answered);
      return answer;
    };
    client.query = timed as typeof client.query;
  }

  setTaken(client: PoolClient, taken: boolean): void {
    const entry = this.#watched.get(client);
    if (entry) entry.taken = taken;
  }

  delete(client: PoolClient): void {
    this.#watched.delete(client);
  }

  #check(): void {
    const waiting = [...this.#watched.values()].filter(({ sentAt }) => sentAt !== null);
    if (waiting.length === 0 && this.#timer) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
    const { patienceMs } = this.#options;
    const overdue = waiting.filter(({ sentAt }) => sentAt !== null && performance.now() - sentAt > patienceMs);
    if (this.#isAsking || overdue.length === 0) return;
    this.#isAsking = true;
    void this.#endLost(overdue).finally(() => {
      this.#isAsking = false;
    });
  }

  async #endLost(overdue: readonly Watched[]): Promise<void> {
    const { url, patienceMs } = this.#options;
    const sentAt = new Map(overdue.map((entry) => [entry, entry.sentAt]));
    const pids = overdue.map(({ client }) => processId(client));
    const busy = await busyBackends(url, pids, patienceMs);
    // A connection that was answered meanwhile is not lost.
    const unanswered = overdue.filter((entry) => entry.sentAt !== null && entry.sentAt === sentAt.get(entry));
    const lost = unanswered.filter(({ client }) => !busy.has(processId(client)));
    for (const entry of unanswered) entry.sentAt = performance.now();
    if (lost.length === 0) return;
    const since = Math.min(...lost.map((entry) => sentAt.get(entry) ?? Infinity));
    // A connection that has been idle since before then is on the same network; its next user would wait in vain.
    const idle = [...this.#watched.values()].filter(({ taken, answeredAt }) => !taken && answeredAt < since);
    for (const { client } of [...lost, ...idle]) (client as unknown as pg.Client).connection.stream.destroy();
  }
}

function after(callback: Query, first: () => void): Query {
  return (...args) => {
    first();
    return callback(...args);
  };
}
