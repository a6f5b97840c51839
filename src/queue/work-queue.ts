// The queues of composes, one for each lane and pool of workers: pg-boss, on the same PostgreSQL, its jobs sent in the transaction that needs them.
// Its own limits are set so wide that they never decide about a compose: deadlines, retries and losses are counted by
// the lifecycle. What it gives is the hand-over: at once, in the order of priority, and again when a worker is gone.

import { setTimeout as sleep } from 'node:timers/promises';
import { PgBoss, type Db, type JobInsert, type JobWithMetadata } from 'pg-boss';
import type { Job, Logger, RunStatement, Sendable, WorkOptions, WorkQueue } from '../app/ports.ts';
import { laneOf, type Lane } from '../compose/lane.ts';
import { DEFAULT_POOL, poolOf, poolsOf, type Route } from '../compose/routing.ts';
import { Dispatcher, type ComposeJob } from './dispatcher.ts';
import { PREPARE_AND_GENERATE, queueName } from './queue-name.ts';
import { composesWithoutJob, dropEndedJobs, takeBackJob } from './reconcile.ts';
import { advanceLane, insertInTurn } from './virtual-time.ts';

export interface WorkQueueOptions {
  readonly url: string;
  readonly logger: Logger;
  readonly run: RunStatement;
  /** Which pool a compose is for; none: all are for the default pool. */
  readonly routes?: readonly Route[];
  /** The pools that `work` takes composes of. */
  readonly pools?: readonly string[];
  transaction<T>(work: (run: RunStatement) => Promise<T>): Promise<T>;
}

const DAY = 86_400;
const QUEUE_SETTINGS = {
  policy: 'exclusive',
  notify: true,
  expireInSeconds: DAY,
  retryLimit: 1_000,
  retryDelay: 1,
  retryBackoff: true,
  // What was in the way, a database or a disk that was away, is over when it is over: whoever waited for it waits no longer.
  retryDelayMax: 5,
  retentionSeconds: 365 * DAY,
  deleteAfterSeconds: 60,
  heartbeatSeconds: 10,
} as const;
// What pg-boss itself notifies of queues with `notify`, by the queue's name.
const CHANNEL = "select 'pgboss_' || left(encode(sha224('pgboss'::bytea), 'hex'), 24) as channel";
// pg-boss hands these on to pg: its statements are short, and one on a connection that went silent must not wait for ever.
const CONNECTION = { connectionTimeoutMillis: 4_000, query_timeout: 8_000, keepAlive: true };
const STOP_LIMIT_MS = 5_000;
const RESENT_AT_A_TIME = 500;

export class PgBossQueue implements WorkQueue {
  readonly #options: WorkQueueOptions;
  #boss: PgBoss | null = null;
  #dispatchers: Dispatcher[] = [];
  #ears: { close(): Promise<void> } | null = null;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    if (this.#boss) return;
    const { url, logger } = this.#options;
    const boss = new PgBoss({
      connectionString: url,
      application_name: 'odcs-queue',
      options: '-c timezone=UTC -c idle_in_transaction_session_timeout=8s -c jit=off',
      max: 4,
      ...CONNECTION,
      schema: 'pgboss',
      schedule: false,
      monitorIntervalSeconds: 1,
      superviseIntervalSeconds: 1,
      warningQueueSize: 1_000_000,
      notifyHeartbeatIntervalMs: 2_000,
      notifyHeartbeatTimeoutMs: 2_000,
    });
    boss.on('error', (error) => logger.warn({ err: error }, 'The queue reports an error'));
    boss.on('warning', (warning) => logger.warn({ warning }, 'The queue warns'));
    this.#boss = boss;
    await boss.start();
    // What an earlier version created keeps its settings otherwise.
    const { policy: _, ...changeable } = QUEUE_SETTINGS;
    for (const name of this.#queueNames()) {
      await boss.createQueue(name, QUEUE_SETTINGS);
      await boss.updateQueue(name, changeable);
    }
  }

  async stop(): Promise<void> {
    const boss = this.#boss;
    this.#boss = null;
    await this.stopWorking();
    const ended = Promise.all(this.#dispatchers.splice(0).map((dispatcher) => dispatcher.ended()));
    await Promise.race([ended, sleep(STOP_LIMIT_MS, undefined, { ref: false })]);
    await this.#ears?.close().catch(() => undefined);
    this.#ears = null;
    await boss?.stop({ graceful: true, timeout: STOP_LIMIT_MS });
  }

  async send(run: RunStatement, compose: Sendable, lane: Lane): Promise<void> {
    const name = this.#queueOf(compose, lane);
    // Also one that a lost worker holds, or that an earlier delivery of the same job sent.
    const priority = await takeBackJob(run, name, compose.id);
    if (priority === null) return this.#insert(run, name, [compose]);
    await this.#insertAs(asGiven(run), name, [{ ...jobOf(compose), priority }]);
  }

  async sendNew(run: RunStatement, composes: readonly Sendable[], lane: Lane): Promise<void> {
    for (const [name, those] of Map.groupBy(composes, (compose) => this.#queueOf(compose, lane)))
      await this.#insert(run, name, those);
  }

  #queueOf(compose: Sendable, lane: Lane): string {
    return queueName(lane, poolOf(this.#options.routes ?? [], compose));
  }

  /** At the end of their owner's line, in this order. */
  async #insert(run: RunStatement, name: string, composes: readonly Sendable[]): Promise<void> {
    const [first] = composes;
    if (!first) return;
    const jobs = composes.map((compose, index) => ({ ...jobOf(compose), priority: composes.length - 1 - index }));
    await this.#insertAs(inTurn(run, name, first.owner, jobs.length), name, jobs);
  }

  async #insertAs(db: Db, name: string, jobs: readonly JobInsert[]): Promise<void> {
    const sent = await this.#running().insert(name, [...jobs], { db, returnId: true });
    if (sent?.length !== jobs.length)
      throw new Error(
        `One of the composes ${jobs.map((job) => job.singletonKey).join(', ')} has an open job in the queue ${name} already`,
      );
  }

  async work(
    lane: Lane,
    concurrency: number,
    handle: (job: Job) => Promise<void>,
    { unusable = () => [] }: WorkOptions = {},
  ): Promise<void> {
    const boss = this.#running();
    await this.#listen(boss);
    const dispatcher = new Dispatcher({
      boss,
      queues: (this.#options.pools ?? [DEFAULT_POOL]).map((pool) => queueName(lane, pool)),
      slots: concurrency,
      unusable,
      handle: (name, job, signal) => this.#handOver(name, job, signal, handle),
      logger: this.#options.logger,
    });
    this.#dispatchers.push(dispatcher);
    dispatcher.start();
  }

  wake(): void {
    for (const dispatcher of this.#dispatchers) dispatcher.wake();
  }

  /** One connection for all; without it, jobs are found by asking every second. */
  async #listen(boss: PgBoss): Promise<void> {
    if (this.#ears) return;
    const database = boss.getDb();
    const [row] = (await database.executeSql(CHANNEL)).rows as { channel: string }[];
    const wake = () => this.wake();
    try {
      this.#ears = (await database.listen?.(row?.channel ?? '', wake, wake)) ?? null;
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'The queue cannot listen for jobs and asks for them instead');
    }
  }

  async #handOver(
    name: string,
    job: JobWithMetadata<ComposeJob>,
    signal: AbortSignal,
    handle: (job: Job) => Promise<void>,
  ): Promise<void> {
    const { logger, run } = this.#options;
    // Not awaited: that the lane's clock is a moment behind harms nobody.
    advanceLane(run, name, job.priority).catch((error: unknown) =>
      logger.warn({ err: error }, 'The clock of the queue could not be moved on'),
    );
    await handle({ composeId: job.data.composeId, signal });
  }

  async stopWorking(): Promise<void> {
    await Promise.all(this.#dispatchers.map((dispatcher) => dispatcher.stop()));
  }

  async reconcile(): Promise<{ sent: number; dropped: number }> {
    const dropped = await dropEndedJobs(this.#options.run, this.#queueNames());
    const sent = await this.#options.transaction(async (run) => {
      const composes = await composesWithoutJob(run, this.#queueNames(), RESENT_AT_A_TIME);
      for (const compose of composes) await this.send(run, compose, laneOf(compose));
      return composes.length;
    });
    return { sent, dropped };
  }

  #queueNames(): readonly string[] {
    const pools = new Set([...poolsOf(this.#options.routes ?? []), ...(this.#options.pools ?? [])]);
    return [...pools].flatMap((pool) => PREPARE_AND_GENERATE.map((lane) => queueName(lane, pool)));
  }

  #running(): PgBoss {
    if (!this.#boss) throw new Error('The queue is not started');
    return this.#boss;
  }
}

function jobOf({ id, targetDir }: Sendable): JobInsert<ComposeJob> {
  return { data: { composeId: id }, singletonKey: id, group: { id: targetDir } };
}

function asGiven(run: RunStatement): Db {
  return { executeSql: async (text, values = []) => ({ rows: [...(await run(text, values))] }) };
}

function inTurn(run: RunStatement, lane: string, owner: string, count: number): Db {
  return {
    executeSql: async (text, values = []) => ({
      rows: [...(await insertInTurn(run, { lane, owner, count }, text, values[0]))],
    }),
  };
}
