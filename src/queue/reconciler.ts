// Makes queue entries, jobs and composes agree again, whatever was lost, changed in the configuration or done by hand.

import type { PgBoss } from 'pg-boss';
import type { Sendable } from '../app/ports.ts';
import { laneOf, type Lane } from '../compose/lane.ts';
import type { Database } from '../store/database.ts';
import type { Em } from '../store/em.ts';
import { adoptRank } from './fair-share.ts';
import { jobId } from './job-id.ts';
import { jobOf, transactionDb } from './jobs.ts';
import {
  composesWithoutEntry,
  deleteEndedEntries,
  lockWaiting,
  waitingEntries,
  type JobEntry,
  type QueueEntry,
} from './queue-entries.ts';
import { queueName } from './queue-name.ts';

export interface ReconcilerDeps {
  readonly database: Pick<Database, 'em' | 'transaction'>;
  readonly boss: () => PgBoss;
  readonly poolOf: (compose: Sendable) => string;
  readonly send: (em: Em, compose: Sendable, lane: Lane) => Promise<void>;
}

const MISSING_AT_A_TIME = 1_000;
const LOST_AT_A_TIME = 5_000;

export class Reconciler {
  readonly #deps: ReconcilerDeps;
  /** The last compose whose job was sent again. */
  #sentUpTo = '0';

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  async reconcile(): Promise<{ sent: number; dropped: number }> {
    return { sent: (await this.sendMissing()) + (await this.#sendLost()), dropped: await this.#dropEnded() };
  }

  /** Sends WAIT composes that have no entry. A job of the former version gives its rank to the entry. */
  sendMissing(): Promise<number> {
    const { database, send } = this.#deps;
    return database.transaction(async (em) => {
      const composes = await composesWithoutEntry(em, MISSING_AT_A_TIME);
      for (const compose of composes) {
        const lane = laneOf(compose);
        await this.#adoptFormerJob(em, compose, lane);
        await send(em, compose, lane);
      }
      return composes.length;
    });
  }

  async #adoptFormerJob(em: Em, compose: Sendable, lane: Lane): Promise<void> {
    const { boss, poolOf } = this.#deps;
    const place = { lane, pool: poolOf(compose) };
    const queue = queueName(lane, place.pool);
    const db = transactionDb(em);
    const [former] = await boss().findJobs(queue, { key: compose.id, queued: true, db });
    if (!former) return;
    await boss().deleteJob(queue, former.id, { db });
    await adoptRank(em, compose.id, place, -former.priority);
  }

  /** Sends the jobs of WAIT composes again, a page at each call. pg-boss adds those that were lost and ignores the others. */
  async #sendLost(): Promise<number> {
    const { database, boss, poolOf } = this.#deps;
    const entries = await waitingEntries(database.em, this.#sentUpTo, LOST_AT_A_TIME);
    this.#sentUpTo = entries.length < LOST_AT_A_TIME ? '0' : (entries.at(-1)?.id ?? '0');
    let sent = await this.#sendRerouted(entries.filter((entry) => poolOf(entry) !== entry.pool));
    for (const [queue, those] of byQueue(entries.filter((entry) => poolOf(entry) === entry.pool)))
      sent += (await boss().insert(queue, those.map(jobOf), { returnId: true }))?.length ?? 0;
    return sent;
  }

  /** The routes changed since these composes were sent: their former pool may have no workers any more. */
  async #sendRerouted(entries: readonly QueueEntry[]): Promise<number> {
    if (entries.length === 0) return 0;
    const { database, send } = this.#deps;
    return database.transaction(async (em) => {
      const ids = entries.map(({ id }) => id);
      const waiting = new Set(await lockWaiting(em, ids));
      for (const entry of entries) if (waiting.has(entry.id)) await send(em, entry, entry.lane);
      return waiting.size;
    });
  }

  /** Deletes the entries and jobs of composes that have ended. */
  #dropEnded(): Promise<number> {
    const { database, boss } = this.#deps;
    return database.transaction(async (em) => {
      const entries = await deleteEndedEntries(em);
      for (const [queue, those] of byQueue(entries)) {
        const ids = those.map(({ id, send }) => jobId(id, send));
        await boss().deleteJob(queue, ids, { db: transactionDb(em) });
      }
      return entries.length;
    });
  }
}

function byQueue<Entry extends JobEntry>(entries: readonly Entry[]): Map<string, Entry[]> {
  return Map.groupBy(entries, ({ lane, pool }) => queueName(lane, pool));
}
