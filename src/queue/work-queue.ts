// The queues of composes, one for each lane and pool, on pg-boss through its public interface. Jobs are sent in the
// transaction that needs them. pg-boss's own limits are so wide that they never decide about a compose: deadlines, retries
// and lost workers are counted by the lifecycle.

import { PgBoss, type Db } from 'pg-boss';
import type { Job, Logger, Sendable, WorkOptions, WorkQueue } from '../app/ports.ts';
import type { Lane } from '../compose/lane.ts';
import { DEFAULT_POOL, poolOf, poolsOf, type Route } from '../compose/routing.ts';
import { settleWithin } from '../concurrency/settle-within.ts';
import type { Database } from '../store/database.ts';
import type { Em } from '../store/em.ts';
import { Dispatcher } from './dispatcher.ts';
import { advanceQueue, placeCompose } from './fair-share.ts';
import { jobId } from './job-id.ts';
import { jobOf, transactionDb } from './jobs.ts';
import { poolsOfEntries } from './queue-entries.ts';
import { LANES, queueName } from './queue-name.ts';
import { Reconciler } from './reconciler.ts';

export interface WorkQueueOptions {
  readonly database: Pick<Database, 'queuePool' | 'em' | 'transaction'>;
  readonly logger: Logger;
  /** Which pool a compose is for. Default: all composes are for the default pool. */
  readonly routes?: readonly Route[];
  /** The pools whose composes `work` takes. Default: the default pool. */
  readonly pools?: readonly string[];
  /** Opens a connection that listens for new jobs. Without it, jobs are found by polling once a second. */
  readonly listen?: Listen;
}

export type Listen = NonNullable<Db['listen']>;

const DAY = 86_400;
const QUEUE_SETTINGS = {
  policy: 'exclusive',
  notify: true,
  expireInSeconds: DAY,
  retryLimit: 1_000,
  retryDelay: 1,
  retryBackoff: true,
  // A job that waited for an outage to end does not wait much longer than that.
  retryDelayMax: 5,
  retentionSeconds: 365 * DAY,
  deleteAfterSeconds: 60,
  heartbeatSeconds: 10,
} as const;
const STOP_LIMIT_MS = 5_000;

export class PgBossQueue implements WorkQueue {
  readonly #options: WorkQueueOptions;
  #boss: PgBoss | null = null;
  #dispatchers: Dispatcher[] = [];
  readonly #reconciler: Reconciler;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#reconciler = new Reconciler({
      database: options.database,
      boss: () => this.#running(),
      poolOf: (compose) => this.#poolOf(compose),
      send: (em, compose, lane) => this.send(em, compose, lane),
    });
  }

  async start(): Promise<void> {
    if (this.#boss) return;
    const { logger, listen } = this.#options;
    const boss = new PgBoss({
      db: this.#queueDb(),
      schema: 'pgboss',
      schedule: false,
      monitorIntervalSeconds: 1,
      superviseIntervalSeconds: 1,
      warningQueueSize: 1_000_000,
      useListenNotify: listen !== undefined,
    });
    boss.on('error', (error) => logger.warn({ err: error }, 'The queue reports an error'));
    boss.on('warning', (warning) => logger.warn({ warning }, 'The queue reports a warning'));
    this.#boss = boss;
    // Of processes that create its schema at the same time, one may fail with a duplicate key.
    await boss.start({ attempts: 3 });
    // Creating a queue that exists changes none of its settings.
    const { policy: _, ...changeable } = QUEUE_SETTINGS;
    for (const name of await this.#queueNames()) {
      await boss.createQueue(name, QUEUE_SETTINGS);
      await boss.updateQueue(name, changeable);
    }
    // After an upgrade, composes that wait have no entries: pools are configuration, which a migration cannot see.
    await this.#reconciler.sendMissing();
  }

  /** Takes at most twice the limit, whatever the database does. */
  async stop(): Promise<void> {
    const boss = this.#boss;
    this.#boss = null;
    const ended = this.stopWorking().then(() => Promise.all(this.#dispatchers.map((dispatcher) => dispatcher.ended())));
    await settleWithin(STOP_LIMIT_MS, ended);
    this.#dispatchers = [];
    await settleWithin(STOP_LIMIT_MS, boss?.stop({ timeout: STOP_LIMIT_MS }));
  }

  async send(em: Em, compose: Sendable, lane: Lane): Promise<void> {
    const boss = this.#running();
    const pool = this.#poolOf(compose);
    const { rank, send, previousQueue } = await placeCompose(em, compose, { lane, pool });
    const db = transactionDb(em);
    // Its former job may be open still, or held by a lost worker.
    if (previousQueue !== null) await boss.deleteJob(previousQueue, jobId(compose.id, send - 1), { db });
    await boss.insert(queueName(lane, pool), [jobOf({ ...compose, rank, send })], { db });
  }

  async work(
    lane: Lane,
    concurrency: number,
    handle: (job: Job) => Promise<void>,
    { unusable = () => [] }: WorkOptions = {},
  ): Promise<void> {
    const { pools = [DEFAULT_POOL], logger, database } = this.#options;
    const dispatcher = new Dispatcher({
      boss: this.#running(),
      queues: pools.map((pool) => queueName(lane, pool)),
      slots: concurrency,
      unusable,
      // Not awaited: a virtual time that is a moment late changes little.
      onTaken: (queue, rank) =>
        void advanceQueue(database.em, queue, rank).catch((error: unknown) =>
          logger.warn({ err: error }, 'The virtual time of the queue could not be advanced'),
        ),
      handle,
      logger,
    });
    this.#dispatchers.push(dispatcher);
    dispatcher.start();
  }

  wake(): void {
    for (const dispatcher of this.#dispatchers) dispatcher.wake();
  }

  async stopWorking(): Promise<void> {
    await Promise.all(this.#dispatchers.map((dispatcher) => dispatcher.stop()));
  }

  reconcile(): Promise<{ sent: number; dropped: number }> {
    return this.#reconciler.reconcile();
  }

  #poolOf(compose: Sendable): string {
    return poolOf(this.#options.routes ?? [], compose);
  }

  /** Also those of entries whose pool is configured no more: their jobs must be found to be replaced. */
  async #queueNames(): Promise<readonly string[]> {
    const { routes = [], pools: served = [], database } = this.#options;
    const pools = new Set([...poolsOf(routes), ...served, ...(await poolsOfEntries(database.em))]);
    return [...pools].flatMap((pool) => LANES.map((lane) => queueName(lane, pool)));
  }

  #running(): PgBoss {
    if (!this.#boss) throw new Error('The queue is not started');
    return this.#boss;
  }

  /** pg-boss on connections of its own. Its notifications wake our dispatchers as well. */
  #queueDb(): Db {
    const { database, listen } = this.#options;
    return {
      // The pool's own query: some of pg-boss's texts hold several statements, and it reads the rows of each.
      executeSql: (text, values) => database.queuePool.query(text, values),
      ...(listen && {
        listen: (channel, onNotification, onReconnect) =>
          listen(
            channel,
            (payload) => {
              onNotification(payload);
              this.wake();
            },
            () => {
              onReconnect();
              this.wake();
            },
          ),
      }),
    };
  }
}
