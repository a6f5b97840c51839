// Fixtures for tests of the queue: a database, processes on it, and a look at the jobs through pg-boss's own interface.

import { PgBoss, type JobWithMetadata } from 'pg-boss';
import { test as base } from 'vitest';
import type { ComposeStore, Job, WorkOptions } from '../../src/app/ports.ts';
import { jobListener } from '../../src/bootstrap/job-listener.ts';
import type { Compose } from '../../src/compose/compose.ts';
import type { Lane } from '../../src/compose/lane.ts';
import type { ComposeJob } from '../../src/queue/dispatcher.ts';
import { PgBossQueue, type WorkQueueOptions } from '../../src/queue/work-queue.ts';
import { composeStore } from '../../src/store/compose-store.ts';
import type { Database } from '../../src/store/database.ts';
import { aCompose, T0 } from './composes.ts';
import { createTestDatabase, openTestDatabase, type TestDatabase } from './database.ts';
import { silentLogger } from './logger.ts';

export class QueueProcess {
  readonly queue: PgBossQueue;
  readonly store: ComposeStore;

  constructor(database: Database, options: Pick<WorkQueueOptions, 'routes' | 'pools'>) {
    const listen = jobListener(database.url, silentLogger);
    this.queue = new PgBossQueue({ database, logger: silentLogger, listen, ...options });
    this.store = composeStore(database, this.queue);
  }

  create(overrides: Partial<Compose> = {}, lane: Lane = 'generate'): Promise<Compose> {
    return this.store.transaction(async (tx) => {
      const compose = await tx.insert(aCompose(overrides), null);
      await tx.enqueue(compose, lane);
      return compose;
    });
  }

  async change(id: string, next: Partial<Compose>, enqueue: Lane | null = null): Promise<void> {
    await this.store.transaction(async (tx) => {
      const compose = await tx.lock(id);
      if (!compose) throw new Error('not found');
      const note = { kind: 'STATE_CHANGED', at: T0, by: 'x', reason: null } as const;
      const saved = await tx.save(compose, { ...compose, ...next }, note);
      if (enqueue) await tx.enqueue(saved, enqueue);
    });
  }

  /** Generates whatever comes, in `slots` slots. Returns the ids in the order of their hand-over. */
  async serve({ slots = 1, ...options }: WorkOptions & { readonly slots?: number } = {}): Promise<string[]> {
    const taken: string[] = [];
    const handle = async ({ composeId }: Job) => {
      taken.push(composeId);
      await this.change(composeId, { state: 'GENERATING', attempt: 1 });
    };
    await this.queue.work('generate', slots, handle, options);
    return taken;
  }
}

export interface QueueFixtures {
  readonly test: TestDatabase;
  readonly database: Database;
  /** pg-boss itself, to look at jobs and to lose them. */
  readonly boss: PgBoss;
  /** Open jobs, by the ids of their composes. */
  readonly openJobs: (queue?: string) => Promise<readonly { readonly id: string; readonly state: string }[]>;
  readonly aProcess: (options?: Pick<WorkQueueOptions, 'routes' | 'pools'>) => Promise<QueueProcess>;
  /** One with the default options. */
  readonly process: QueueProcess;
}

export const it = base.extend<QueueFixtures>({
  test: async ({ task: _ }, use) => {
    const database = await createTestDatabase();
    await use(database);
    await database.drop();
  },
  database: async ({ test }, use) => {
    const database = await openTestDatabase(test);
    await use(database);
    await database.close();
  },
  boss: async ({ test }, use) => {
    const boss = new PgBoss({ connectionString: test.url, max: 1, supervise: false, schedule: false, migrate: false });
    boss.on('error', () => {});
    await boss.start();
    await use(boss);
    await boss.stop({ graceful: false });
  },
  openJobs: async ({ boss }, use) => {
    await use(async (queue = 'generate') =>
      (await jobsOf(boss, queue))
        .filter(({ state }) => ['created', 'retry', 'active'].includes(state))
        .map(({ data, state }) => ({ id: data.composeId, state }))
        .toSorted((a, b) => Number(a.id) - Number(b.id)),
    );
  },
  aProcess: async ({ database }, use) => {
    const processes: QueueProcess[] = [];
    await use(async (options = {}) => {
      const process = new QueueProcess(database, options);
      await process.queue.start();
      processes.push(process);
      return process;
    });
    await Promise.all(processes.map(({ queue }) => queue.stop()));
  },
  process: async ({ aProcess }, use) => {
    await use(await aProcess());
  },
});

export function jobsOf(boss: PgBoss, queue: string): Promise<readonly JobWithMetadata<ComposeJob>[]> {
  return boss.findJobs<ComposeJob>(queue);
}

/** Deletes the jobs of composes, as an operator might by mistake. */
export async function loseJobs(boss: PgBoss, queue: string, composeIds?: readonly string[]): Promise<void> {
  const jobs = await jobsOf(boss, queue);
  const lost = jobs.filter(({ data }) => composeIds?.includes(data.composeId) ?? true);
  if (lost.length > 0)
    await boss.deleteJob(
      queue,
      lost.map(({ id }) => id),
    );
}
