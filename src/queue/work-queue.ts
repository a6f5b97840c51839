// The queues of composes, one a lane: pg-boss, on the same PostgreSQL, its jobs sent in the transaction that needs them.
// Its own limits are set so wide that they never decide about a compose: deadlines, retries and losses are counted by
// the lifecycle. What it gives is the hand-over: at once, in the order of priority, and again when a worker is gone.

import { PgBoss, type Db, type JobWithMetadata } from 'pg-boss';
import type { Job, Lane, Logger, RunStatement, WorkQueue } from '../app/ports.ts';
import type { Compose } from '../compose/compose.ts';
import { composesWithoutJob, dropEndedJobs, takeBackJob } from './reconcile.ts';
import { advanceLane, insertInTurn } from './virtual-time.ts';

export const LANES: readonly Lane[] = ['prepare', 'generate'];

export interface WorkQueueOptions {
  readonly url: string;
  readonly logger: Logger;
  readonly run: RunStatement;
  transaction<T>(work: (run: RunStatement) => Promise<T>): Promise<T>;
}

interface ComposeJob {
  readonly composeId: string;
}

const DAY = 86_400;
const QUEUE_SETTINGS = {
  policy: 'exclusive',
  notify: true,
  expireInSeconds: DAY,
  retryLimit: 1_000,
  retryDelay: 1,
  retryBackoff: true,
  retryDelayMax: 60,
  retentionSeconds: 365 * DAY,
  deleteAfterSeconds: 60,
  heartbeatSeconds: 10,
} as const;
const WORK_OPTIONS = { includeMetadata: true, pollingIntervalSeconds: 1, notifyPollingIntervalSeconds: 1 } as const;
// pg-boss hands these on to pg: its statements are short, and one on a connection that went silent must not wait for ever.
const CONNECTION = { connectionTimeoutMillis: 4_000, query_timeout: 8_000, keepAlive: true };
const STOP_LIMIT_MS = 5_000;
const RESENT_AT_A_TIME = 500;

export class PgBossQueue implements WorkQueue {
  readonly #options: WorkQueueOptions;
  #boss: PgBoss | null = null;
  #workers: { readonly lane: Lane; readonly id: string }[] = [];

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
      useListenNotify: true,
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
    for (const lane of LANES) {
      await boss.createQueue(lane, QUEUE_SETTINGS);
      await boss.updateQueue(lane, changeable);
    }
  }

  async stop(): Promise<void> {
    const boss = this.#boss;
    this.#boss = null;
    this.#workers = [];
    await boss?.stop({ graceful: true, timeout: STOP_LIMIT_MS });
  }

  async send(run: RunStatement, compose: Pick<Compose, 'id' | 'owner' | 'seq'>, lane: Lane): Promise<void> {
    // A compose at its first event has no job in the lane; any other may, also one that a lost worker holds.
    const priority = compose.seq > 1 ? await takeBackJob(run, lane, compose.id) : null;
    const job = { composeId: compose.id } satisfies ComposeJob;
    const sent = await this.#running().send(lane, job, {
      singletonKey: compose.id,
      ...(priority === null ? { db: inTurn(run, lane, compose.owner) } : { db: asGiven(run), priority }),
    });
    if (sent === null) throw new Error(`Compose ${compose.id} has an open job in the lane ${lane} already`);
  }

  async work(lane: Lane, concurrency: number, handle: (job: Job) => Promise<void>): Promise<void> {
    const boss = this.#running();
    // A registration for each slot: pg-boss can wake only those that it has given an id.
    for (let slot = 0; slot < concurrency; slot += 1) {
      let id: string | null = null;
      id = await boss.work<ComposeJob, void, typeof WORK_OPTIONS>(lane, WORK_OPTIONS, async (jobs) => {
        try {
          await Promise.all(jobs.map((job) => this.#handOver(lane, job, handle)));
        } finally {
          // It would wait out its poll interval otherwise, whatever is in the queue.
          if (id !== null) boss.notifyWorker(id);
        }
      });
      this.#workers.push({ lane, id });
    }
  }

  async #handOver(lane: Lane, job: JobWithMetadata<ComposeJob>, handle: (job: Job) => Promise<void>): Promise<void> {
    const { logger, run } = this.#options;
    // Not awaited: that the lane's clock is a moment behind harms nobody.
    advanceLane(run, lane, job.priority).catch((error: unknown) => logger.warn({ err: error }, 'The clock of the queue could not be moved on'));
    await handle({ composeId: job.data.composeId, signal: job.signal });
  }

  async stopWorking(): Promise<void> {
    const workers = this.#workers;
    this.#workers = [];
    const boss = this.#boss;
    if (boss) await Promise.all(workers.map(({ lane, id }) => boss.offWork(lane, { id, wait: false })));
  }

  async reconcile(): Promise<{ sent: number; dropped: number }> {
    const dropped = await dropEndedJobs(this.#options.run, LANES);
    const sent = await this.#options.transaction(async (run) => {
      const composes = await composesWithoutJob(run, LANES, RESENT_AT_A_TIME);
      for (const compose of composes) await this.send(run, compose, 'generate');
      return composes.length;
    });
    return { sent, dropped };
  }

  #running(): PgBoss {
    if (!this.#boss) throw new Error('The queue is not started');
    return this.#boss;
  }
}

function asGiven(run: RunStatement): Db {
  return { executeSql: async (text, values = []) => ({ rows: [...(await run(text, values))] }) };
}

function inTurn(run: RunStatement, lane: Lane, owner: string): Db {
  return { executeSql: async (text, values = []) => ({ rows: [...(await insertInTurn(run, lane, owner, text, values[0]))] }) };
}
